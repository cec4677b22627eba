"""What one command costs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_LAUNCH = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")))

Measure = Literal["wall", "cpu", "memory"]
MEASURES: tuple[Measure, ...] = ("wall", "cpu", "memory")


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
        launch = [*_LAUNCH, str(limit), *command]
        done = subprocess.run(
            launch,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            check=True,
        )
        spent = json.loads(done.stdout)
        if spent["stopped"]:
            return None
        if spent["status"] not in statuses:
            said.seek(0)
            text = said.read().decode("utf-8", "replace")[-2000:]
            raise FailedError(f"{' '.join(command)}: status {spent['status']}\n{text}")
    return Cost(spent["wall"], spent["cpu"], spent["memory"])
