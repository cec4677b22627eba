"""Whether celery-lint costs more a line where there are more lines."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from checkout import Checkout
from measure import MEASURES
from table import COLD, Results, shown
from tools import OURS, Installed

# Runs where celery-lint is installed: only that knows what its cache holds.
_READ = """
import sys
import msgspec
from celery_lint.cache.answers import Answers
from celery_lint.cache.folder import folder_at

data = folder_at(sys.argv[1]).read("answers.bin")
if data is not None:
    print(*sorted(msgspec.msgpack.decode(data, type=Answers).read), sep="\\0", end="")
"""
_HEADINGS = ("files", "lines", "of which read", "CPU", "per 1,000 lines", "per 1,000 read", "wall", "memory")


def lines_read(checkout: Checkout, tool: Installed, cache: Path) -> int | None:
    """How many lines of Python the run that filled CACHE has parsed; None when it remembered nothing."""
    command = [str(tool.bin / "python"), "-c", _READ, str(cache)]
    done = subprocess.run(command, cwd=cache, check=True, capture_output=True, encoding="utf-8")
    paths = [path for path in done.stdout.split("\0") if path.endswith(".py")]
    return sum((checkout.folder / path).read_bytes().count(b"\n") for path in paths) if done.stdout else None


def table(results: Results, checkouts: Sequence[Checkout], read: Mapping[str, int | None]) -> Iterator[str]:
    """A row for each of CHECKOUTS, by size: what a cold run of celery-lint costs. READ: how many lines each parsed."""
    yield f"| celery-lint, cold | {' | '.join(_HEADINGS)} |"
    yield "|---|" + "---:|" * len(_HEADINGS)
    for checkout in sorted(checkouts, key=lambda each: each.files):
        yield from _row(results, checkout, read.get(checkout.name))
        if checkout.parts:
            yield from _parts(results, checkout, checkouts, read)
    for checkout in checkouts:
        if checkout.parts:
            yield f"\n{checkout.name} is composed: {', '.join(checkout.parts)}, each a folder of it."


def _row(results: Results, checkout: Checkout, read: int | None) -> Iterator[str]:
    key = (COLD, OURS, checkout.name)
    wall, cpu, memory = (results.median(key, measure) for measure in MEASURES)
    if cpu is None or wall is None or memory is None:
        return
    cells = (*_costs(checkout.files, checkout.lines, read, cpu), shown(wall, "wall"), shown(memory, "memory"))
    yield f"| {checkout.name} | {' | '.join(cells)} |"


def _parts(
    results: Results, whole: Checkout, checkouts: Sequence[Checkout], read: Mapping[str, int | None]
) -> Iterator[str]:
    """What the parts of WHOLE cost one by one, in all: where a line costs alike in large projects, it is the same."""
    parts = [each for each in checkouts if each.name in whole.parts]
    spent = [results.median((COLD, OURS, part.name), "cpu") for part in parts]
    cpu = [each for each in spent if each is not None]
    if len(cpu) < len(whole.parts):
        return
    lines = [read.get(part.name) for part in parts]
    known = [each for each in lines if each is not None]
    total = sum(known) if len(known) == len(lines) else None
    files, all_lines = sum(part.files for part in parts), sum(part.lines for part in parts)
    yield f"| its {len(parts)} parts, one by one | {' | '.join(_costs(files, all_lines, total, sum(cpu)))} | | |"


def _costs(files: int, lines: int, read: int | None, cpu: float) -> tuple[str, ...]:
    return (
        f"{files:,}",
        f"{lines:,}",
        f"{read:,}" if read is not None else "",
        shown(cpu, "cpu"),
        f"{cpu * 1e6 / lines:.1f} ms" if lines else "",
        f"{cpu * 1e6 / read:.1f} ms" if read else "",
    )
