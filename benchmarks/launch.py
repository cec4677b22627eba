"""Runs one command and prints what it cost, as JSON: `python launch.py LIMIT COMMAND…`.

The system counts the memory of the process that starts a program as the program's, so this one stays small: it imports
next to nothing.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress


def main() -> None:
    """Run the command in a session of its own, and stop it after LIMIT seconds."""
    limit, command = float(sys.argv[1]), sys.argv[2:]
    child = -1
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)

    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(2, 1)
        with suppress(OSError):
            os.execv(command[0], command)
        os._exit(127)
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.setitimer(signal.ITIMER_REAL, limit)
    # Only this tells what this one child and its own children used.
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    cpu = usage.ru_utime + usage.ru_stime
    memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    code = os.waitstatus_to_exitcode(status)
    print(f'{{"wall": {wall}, "cpu": {cpu}, "memory": {memory}, "status": {code}, "stopped": {int(stopped)}}}')


main()
