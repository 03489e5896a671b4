"""Renders templates with Python's Jinja2. Reads cases as JSON from standard input, writes results as JSON."""
import json
import resource
import sys

from jinja2 import DictLoader, Environment, StrictUndefined, Undefined


# What fills the memory is an error, not the end of this process.
resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))


def decode(value):
    if "$float" in value:
        return float(value["$float"])
    if "$int" in value:
        return int(value["$int"])
    if "$tuple" in value:
        return tuple(value["$tuple"])
    return value


def render(case):
    undefined = StrictUndefined if case["undefined"] == "strict" else Undefined
    environment = Environment(loader=DictLoader(case["templates"]), undefined=undefined)
    loading = True
    try:
        template = environment.get_template("main")
        loading = False
        return {"text": template.render(case["values"])}
    except Exception as error:  # whatever a template can do wrong
        return {"error": f"{type(error).__name__}: {error}", "loading": loading}


json.dump([render(case) for case in json.load(sys.stdin, object_hook=decode)], sys.stdout)
