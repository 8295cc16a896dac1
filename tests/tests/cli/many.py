"""Runs Koji's own, unmodified command line many times: each time in a fork of a Python that has its modules already.

usage: many.py KOJI_PROGRAM. Takes a line of JSON for each run, {"args", "folder", "stdout", "stderr"}, and answers with
its exit code, or minus the signal that ended it.
"""
import json
import os
import signal
import sys

import dateutil.parser  # noqa: F401
import koji_cli.commands  # noqa: F401
import requests  # noqa: F401
import rpm  # noqa: F401  (downloads are checked with it: pip install rpm)

LIMIT = 120

program = sys.argv[1]
with open(program) as file:
    code = compile(file.read(), program, 'exec')

for line in iter(sys.stdin.readline, ''):
    job = json.loads(line)
    child = os.fork()
    if child == 0:
        signal.alarm(LIMIT)
        os.chdir(job['folder'])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in (1, 'stdout'), (2, 'stderr'):
            os.dup2(os.open(job[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.argv = [program] + job['args']
        exec(code, {'__name__': '__main__', '__file__': program})
        sys.exit(0)
    status = os.waitpid(child, 0)[1]
    print(os.waitstatus_to_exitcode(status), flush=True)
