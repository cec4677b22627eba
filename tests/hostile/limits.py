"""Work in a process of its own, which may die, hang or eat memory and be told apart from one that does not."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Ended:
    """How work ended: its VALUE, or what went WRONG. SECONDS on the clock, those on the PROCESSOR, and MEGABYTES are
    what it took."""

    value: object
    wrong: str
    seconds: float
    megabytes: int
    processor: float


def contained(work: Callable[[], object], seconds: int = 20, megabytes: int = 2_000) -> Ended:
    """WORK in a process that may take SECONDS of wall time and MEGABYTES of memory. What it returns must be pickled."""
    source, target = os.pipe()
    begun = time.monotonic()
    # The process begins with all that this one holds.
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    process = os.fork()
    if not process:
        _work(work, target, seconds, megabytes)
    os.close(target)
    with os.fdopen(source, "rb") as pipe:
        data = pipe.read()
    _, status, used = os.wait4(process, 0)
    took = (time.monotonic() - begun, max(0, used.ru_maxrss - held) // 1024, used.ru_utime + used.ru_stime)
    if status:
        killed = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"status {status >> 8}"
        return Ended(None, f"the process died: {killed}", *took)
    value, wrong = pickle.loads(data)
    return Ended(value, wrong, *took)


def _work(work: Callable[[], object], target: int, seconds: int, megabytes: int) -> None:
    try:
        limit = megabytes << 20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)
        try:
            answer = pickle.dumps((work(), ""))
        except BaseException:  # noqa: BLE001 -- whatever it is, the caller wants to know
            answer = pickle.dumps((None, traceback.format_exc()))
        with os.fdopen(target, "wb") as pipe:
            pipe.write(answer)
        os._exit(0)
    finally:
        os._exit(1)
