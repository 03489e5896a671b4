"""measure.py LOG SECONDS COMMAND...: runs a command and prints its cost as JSON.

Seconds of wall clock and of processor time, of the command with all descendants that were waited for, and the peak of
resident memory of the largest of these processes in MiB. What it says goes to LOG.
"""
import json
import os
import signal
import sys
import time

log, limit, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
began = time.perf_counter()
pid = os.fork()
if pid == 0:
    os.setsid()
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(error, file=sys.stderr)
        os._exit(127)


def stop(*_):
    os.killpg(pid, signal.SIGKILL)


signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_REAL, limit)
_, status, usage = os.wait4(pid, 0)
print(json.dumps({
    'wall': time.perf_counter() - began,
    'cpu': usage.ru_utime + usage.ru_stime,
    'memory': usage.ru_maxrss / 1024,
    'code': os.waitstatus_to_exitcode(status),
}))
