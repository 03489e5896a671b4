import { nearest } from '../../model/suggest.js';
import { tokenize } from './lexer.js';
import type { Expression, FromImport, If, Signature, Statement } from './nodes.js';
import { ExpressionParser } from './parse-expression.js';
import type { Place } from './place.js';
import { describe, TokenStream } from './stream.js';

/** Parses a template. `label` is the file as told in errors; all errors are PaiError TEMPLATE with line and column. */
export function parse(text: string, label: string): readonly Statement[] {
  return new Parser(new TokenStream(tokenize(text, label), label)).template();
}

/** A tag that is open. */
interface OpenTag {
  readonly name: string;
  readonly ends: readonly string[];
}

type TagParser = (at: Place) => Statement;

class Parser extends ExpressionParser {
  readonly #open: OpenTag[] = [];
  readonly #tags: Readonly<Record<string, TagParser>> = {
    autoescape: (at) => this.#autoescape(at),
    block: (at) => this.#block(at),
    call: (at) => this.#callBlock(at),
    extends: (at) => ({ kind: 'extends', template: this.expression(), at }),
    filter: (at) => this.#filterBlock(at),
    for: (at) => this.#for(at),
    from: (at) => this.#from(at),
    if: (at) => this.#if(at),
    import: (at) => this.#import(at),
    include: (at) => this.#include(at),
    macro: (at) => this.#macro(at),
    print: (at) => this.#print(at),
    set: (at) => this.#set(at),
    with: (at) => this.#with(at),
  };

  template(): readonly Statement[] {
    const body = this.#statements([]);
    return body;
  }

  /** Statements up to a tag of `ends` (or the end of the file when there are none), whose name is the current token then. */
  #statements(ends: readonly string[]): Statement[] {
    const { stream } = this;
    const body: Statement[] = [];
    let parts: (string | Expression)[] = [];
    let partsAt = stream.current.at;
    const flush = () => {
      if (parts.length > 0) body.push({ kind: 'output', parts, at: partsAt });
      parts = [];
    };
    for (;;) {
      const token = stream.current;
      if (parts.length === 0) partsAt = token.at;
      if (token.kind === 'end') {
        if (ends.length > 0) throw this.#unclosed(token.at);
        flush();
        return body;
      }
      stream.next();
      if (token.kind === 'data') parts.push(token.text);
      else if (token.kind === 'variable-begin') {
        parts.push(this.tuple());
        stream.expect('variable-end');
      } else {
        flush();
        const { current } = stream;
        if (current.kind === 'name' && ends.includes(current.text)) return body;
        body.push(this.#statement());
        stream.expect('block-end');
      }
    }
  }

  /** The body of the tag that is being read, up to one of `ends`, which is taken; its name is returned. */
  #body(name: string, ...ends: string[]): { body: Statement[]; end: string } {
    this.stream.skip('operator', ':');
    this.stream.expect('block-end');
    this.#open.push({ name, ends });
    const body = this.#statements(ends);
    this.#open.pop();
    return { body, end: this.stream.next().text };
  }

  #statement(): Statement {
    const { stream } = this;
    const { text, at } = stream.expect('name');
    if (Object.hasOwn(this.#tags, text)) {
      const tag = this.#tags[text];
      if (tag) return tag(at);
    }
    throw stream.error(this.#unknown(text), at);
  }

  #unknown(name: string): string {
    const innermost = this.#open.at(-1);
    if (this.#open.some(({ ends }) => ends.includes(name)) && innermost) {
      return `"${name}" comes too early: ${innermost.ends.at(-1)} is missing before it`;
    }
    if (['do', 'break', 'continue', 'trans', 'debug'].includes(name)) {
      return `the tag "${name}" is of an extension of Jinja2 that is not supported`;
    }
    const [suggestion] = nearest(name, [...Object.keys(this.#tags), ...(innermost?.ends ?? [])]);
    return `there is no tag "${name}"${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`;
  }

  #unclosed(at: Place): Error {
    const innermost = this.#open.at(-1);
    return this.stream.error(`the end of the file comes before ${innermost?.ends.join(' or ')}`, at);
  }

  #autoescape(at: Place): Statement {
    const value = this.expression();
    if (value.kind !== 'constant' || value.value !== 'false') {
      throw this.stream.error('escaping is not supported: only {% autoescape false %}', at);
    }
    return { kind: 'scope', body: this.#body('autoescape', 'endautoescape').body, at };
  }

  #block(at: Place): Statement {
    const { stream } = this;
    const name = stream.expect('name').text;
    const scoped = stream.skip('name', 'scoped');
    const required = stream.skip('name', 'required');
    if (stream.is('operator', '-')) throw stream.error('names of blocks have no hyphens: write an underscore');
    const { body } = this.#body('block', 'endblock');
    if (required && !body.every((part) => part.kind === 'output' && part.parts.every(isBlank))) {
      throw stream.error('a required block has nothing in it but white space and comments', at);
    }
    stream.skip('name', name);
    return { kind: 'block', name, scoped, required, body, at };
  }

  #callBlock(at: Place): Statement {
    const signature: Signature = this.stream.is('operator', '(') ? this.#signature() : { parameters: [], defaults: [] };
    const call = this.expression();
    if (call.kind !== 'call') throw this.stream.error('expected a call after "call"', at);
    return { kind: 'call-block', ...signature, call, body: this.#body('call', 'endcall').body, at };
  }

  #filterBlock(at: Place): Statement {
    const filter = this.filter(undefined, true);
    if (!filter) throw this.stream.error('expected a filter', at);
    return { kind: 'filter-block', filter, body: this.#body('filter', 'endfilter').body, at };
  }

  #for(at: Place): Statement {
    const { stream } = this;
    const target = this.target('in');
    stream.expect('name', 'in');
    const iterable = this.tuple({ conditional: false, end: 'recursive' });
    const test = stream.skip('name', 'if') ? this.expression() : undefined;
    const recursive = stream.skip('name', 'recursive');
    const { body, end } = this.#body('for', 'else', 'endfor');
    const otherwise = end === 'else' ? this.#body('for', 'endfor').body : [];
    return { kind: 'for', target, iterable, test, recursive, body, otherwise, at };
  }

  #if(at: Place): If {
    const test = this.tuple({ conditional: false });
    const { body, end } = this.#body('if', 'elif', 'else', 'endif');
    const elifs: If[] = [];
    let last = end;
    while (last === 'elif') {
      const place = this.stream.current.at;
      const branch = { test: this.tuple({ conditional: false }), ...this.#body('if', 'elif', 'else', 'endif') };
      elifs.push({ kind: 'if', test: branch.test, body: branch.body, elifs: [], otherwise: [], at: place });
      last = branch.end;
    }
    const otherwise = last === 'else' ? this.#body('if', 'endif').body : [];
    return { kind: 'if', test, body, elifs, otherwise, at };
  }

  /** `with context`, `without context`; Jinja2's default when there is neither. */
  #context(otherwise: boolean): boolean {
    return this.#explicitContext() ?? otherwise;
  }

  #explicitContext(): boolean | undefined {
    const { stream } = this;
    const { following } = stream;
    if (following.kind !== 'name' || following.text !== 'context') return undefined;
    if (!stream.is('name', 'with') && !stream.is('name', 'without')) return undefined;
    const { text } = stream.next();
    stream.next();
    return text === 'with';
  }

  #include(at: Place): Statement {
    const { stream } = this;
    const template = this.expression();
    const { following } = stream;
    const ignoreMissing = stream.is('name', 'ignore') && following.kind === 'name' && following.text === 'missing';
    if (ignoreMissing) {
      stream.next();
      stream.next();
    }
    return { kind: 'include', template, ignoreMissing, withContext: this.#context(true), at };
  }

  #import(at: Place): Statement {
    const template = this.expression();
    this.stream.expect('name', 'as');
    const target = this.stream.expect('name').text;
    return { kind: 'import', template, target, withContext: this.#context(false), at };
  }

  #from(at: Place): FromImport {
    const { stream } = this;
    const template = this.expression();
    stream.expect('name', 'import');
    const names: { name: string; alias: string }[] = [];
    let withContext: boolean | undefined;
    for (;;) {
      if (names.length > 0) stream.expect('operator', ',');
      withContext = this.#explicitContext();
      if (withContext !== undefined) break;
      const { text: name, at: nameAt } = stream.expect('name');
      if (name.startsWith('_')) throw stream.error('names that begin with "_" can not be imported', nameAt);
      names.push({ name, alias: stream.skip('name', 'as') ? stream.expect('name').text : name });
      withContext = this.#explicitContext();
      if (withContext !== undefined || !stream.is('operator', ',')) break;
    }
    return { kind: 'from-import', template, names, withContext: withContext ?? false, at };
  }

  #signature(): Signature {
    const { stream } = this;
    stream.expect('operator', '(');
    const parameters: { kind: 'name'; name: string; at: Place }[] = [];
    const defaults: Expression[] = [];
    while (!stream.is('operator', ')')) {
      if (parameters.length > 0) stream.expect('operator', ',');
      const { text: name, at } = stream.expect('name');
      if (parameters.some((other) => other.name === name)) throw stream.error(`${name} is there twice`, at);
      if (stream.skip('operator', '=')) defaults.push(this.expression());
      else if (defaults.length > 0) throw stream.error('parameters without default come before those with one', at);
      parameters.push({ kind: 'name', name, at });
    }
    stream.expect('operator', ')');
    return { parameters, defaults };
  }

  #macro(at: Place): Statement {
    const name = this.stream.expect('name').text;
    return { kind: 'macro', name, ...this.#signature(), body: this.#body('macro', 'endmacro').body, at };
  }

  #print(at: Place): Statement {
    const parts: Expression[] = [];
    while (this.stream.current.kind !== 'block-end') {
      if (parts.length > 0) this.stream.expect('operator', ',');
      parts.push(this.expression());
    }
    return { kind: 'output', parts, at };
  }

  #set(at: Place): Statement {
    const target = this.target(undefined, true);
    if (this.stream.skip('operator', '=')) return { kind: 'set', target, value: this.tuple(), at };
    const filter = this.filter(undefined);
    return { kind: 'set-block', target, filter, body: this.#body('set', 'endset').body, at };
  }

  #with(at: Place): Statement {
    const { stream } = this;
    const targets = [];
    const values: Expression[] = [];
    while (stream.current.kind !== 'block-end') {
      if (targets.length > 0) stream.expect('operator', ',');
      const target = this.target();
      targets.push(target);
      if (!stream.is('operator', '=')) throw stream.error(`expected "=", got ${describe(stream.current)}`);
      stream.next();
      values.push(this.expression());
    }
    return { kind: 'with', targets, values, body: this.#body('with', 'endwith').body, at };
  }
}

function isBlank(part: string | Expression): boolean {
  return typeof part === 'string' && part.trim() === '';
}
