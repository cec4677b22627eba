"""Fixes a project again and again, killed (SIGKILL) at another call that writes each time.

    python -m tests.fix.killed FOLDER EVERY

Run as a process of its own, because it forks. FOLDER is filled with a small project. Says as JSON how many kills there
were, and what was not whole afterwards. After each kill a second run must finish the work and leave nothing behind.
EVERY so many-th call is tried.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from celery_lint.configfile import Place
from celery_lint.fix.engine import Plan, carry_out, plan
from celery_lint.run import run
from celery_lint.settings import load, override
from celery_lint.testing.checking import write

CALLS = ("open", "write", "fsync", "chown", "chmod", "utime", "replace", "unlink", "close")
When = Literal["before", "half", "after"]
WHENS: tuple[When, ...] = ("before", "half", "after")
# Two files that change together, and one alone.
PROJECT = {
    "proj/loops.py": (
        "import asyncio\n\n\ndef obtain_loop():\n    try:\n        return asyncio.get_event_loop()\n"
        "    except RuntimeError:\n        loop = asyncio.new_event_loop()\n        asyncio.set_event_loop(loop)\n"
        "        return loop\n"
    ),
    "proj/tasks.py": (
        "from celery import Celery\n\nfrom proj import loops\n\napp = Celery('proj')\n\n\n"
        "async def count():\n    return 1\n\n\n"
        "@app.task\ndef tick():\n    loop = loops.obtain_loop()\n    return loop.run_until_complete(count())\n"
    ),
    "proj/other.py": "from proj.tasks import app\n\n\n@app.task\ndef say(to):\n    print(to)\n",
}


def planned(root: Path) -> Plan:
    """What is to be written in the project at ROOT."""
    configuration = override(load(Place(root, None)), {"select": ("CEL102", "CEL408")})
    findings = run(configuration).report.findings
    return plan(
        root,
        findings,
        unsafe=True,
        rejudge=lambda overlay: run(configuration, overlay, with_fixes=False).report.findings,
    )


def trials(root: Path, every: int) -> tuple[int, list[str]]:
    """How often it was killed, and what is wrong."""
    write(root, PROJECT)
    work = planned(root)
    assert set(work.after) == set(PROJECT), sorted(work.after)
    kills = 0
    problems: list[str] = []
    for number in itertools.count(1, every):
        for when in WHENS:
            write(root, PROJECT)
            if not _is_killed(root, work, number, when):
                return kills, problems
            kills += 1
            problems += [f"killed {when} call {number}: {text}" for text in _wrong(root, work)]
    raise AssertionError


def _is_killed(root: Path, work: Plan, number: int, when: When) -> bool:
    """Whether writing was killed at call NUMBER; it is not when there are not so many."""
    child = os.fork()
    if child == 0:
        _mine(number, when)
        carry_out(root, work, lambda overlay: ())
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _mine(number: int, when: When) -> None:
    left = [number]

    def deadly(call: Callable[..., object], name: str) -> Callable[..., object]:
        def wrapper(*arguments: object, **named: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                if name == "write" and when == "half":
                    descriptor, data = arguments
                    call(descriptor, bytes(data)[: len(bytes(data)) // 2])  # type: ignore[call-overload]
                elif when == "after":
                    call(*arguments, **named)
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return wrapper

    for name in CALLS:
        setattr(os, name, deadly(getattr(os, name), name))


def _wrong(root: Path, work: Plan) -> Iterator[str]:
    now = {path: (root / path).read_bytes() for path in PROJECT}
    for path, data in now.items():
        if data not in (work.before[path], work.after[path]):
            yield f"{path} is neither old nor new"
    if now["proj/tasks.py"] != work.after["proj/tasks.py"] and now["proj/loops.py"] != work.before["proj/loops.py"]:
        yield "what proj/tasks.py still uses is gone"
    left = {path: data for path, data in work.after.items() if now[path] != data} if now == dict(work.before) else {}
    again = work if left else planned(root)
    carry_out(root, again, lambda overlay: ())
    if left and not _is_done(root, work.after):
        yield "a second run does not finish the work"
    strangers = {each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file()} - PROJECT.keys()
    if strangers and left:
        yield f"{sorted(strangers)} are left behind"


def _is_done(root: Path, after: Mapping[str, bytes]) -> bool:
    return all((root / path).read_bytes() == data for path, data in after.items())


if __name__ == "__main__":
    count, wrong = trials(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
    sys.stdout.write(json.dumps({"kills": count, "problems": wrong}))
