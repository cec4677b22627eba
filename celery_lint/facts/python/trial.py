"""A parse that may take the process with it, tried in another one first.

What CPython accepts is measured before LibCST is given it (`nesting`). What it refuses (a mistake, or the syntax of
a newer version) cannot be measured.
"""

from __future__ import annotations

import os
import warnings
from contextlib import suppress

import libcst as cst

# Seconds of CPU, and how many bytes are worth another one.
_PATIENCE, _BYTES_A_SECOND = 1, 20_000


def survives(data: bytes) -> bool:
    """Whether LibCST comes to an end with DATA, in reasonable time; as for systems without `fork`, never."""
    if not hasattr(os, "fork"):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about threads: the child does nothing that could wait for one
        process = os.fork()
    if process:
        return os.waitpid(process, 0)[1] == 0
    with suppress(BaseException):
        _limit(_PATIENCE + len(data) // _BYTES_A_SECOND)
        with suppress(Exception):
            cst.parse_module(data)
        os._exit(0)
    os._exit(1)


def _limit(seconds: int) -> None:
    """Let this process work for SECONDS, and die in silence."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    silent = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silent, stream)
