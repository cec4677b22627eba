"""What one command costs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Measure = Literal["wall", "cpu", "memory"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of WALL time, seconds of CPU time of a process and all its children, and the MEMORY (bytes) that the
    largest of them held at its peak."""

    wall: float
    cpu: float
    memory: int


class FailedError(Exception):
    """A command that did not do its work."""


def cost(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    limit: float,
    statuses: Collection[int] = (0,),
) -> Cost | None:
    """What COMMAND costs when it is run in FOLDER; None when it takes longer than LIMIT seconds, and is stopped.

    Raises FailedError when it ends with none of STATUSES.
    """
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        stopped = threading.Event()
        timer = threading.Timer(limit, _stop, (process.pid, stopped))
        timer.start()
        # Not `process.wait`: only this tells what this one child and its own children used.
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:
            _stop(process.pid, stopped)
            raise
        finally:
            wall = time.perf_counter() - start
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if stopped.is_set():
            return None
        if process.returncode not in statuses:
            said.seek(0)
            text = said.read().decode("utf-8", "replace")[-2000:]
            raise FailedError(f"{' '.join(command)}: status {process.returncode}\n{text}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def _stop(group: int, stopped: threading.Event) -> None:
    stopped.set()
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
