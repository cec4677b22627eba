"""Where the time of a run went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from celery_lint.report.text import escape
from celery_lint.watch import Part, Stopwatch

_LINES = 20


def durations(watch: Stopwatch) -> Iterator[str]:
    """What WATCH measured: all parts, then the slowest files and rules."""
    total = watch.total()
    spent = {part.value: watch.of(part) for part in Part}
    yield f"Durations: {total:.3f} s"
    for name, seconds in (*spent.items(), ("other", total - sum(spent.values()))):
        yield f"{seconds:>9.3f} s  {name}"
    yield from _slowest("files read", watch.by_name(Part.READ))
    yield from _slowest("rules", watch.by_name(Part.JUDGE))


def _slowest(what: str, spent: Mapping[str, float]) -> Iterator[str]:
    named = {name: seconds for name, seconds in spent.items() if name}
    yield f"The slowest of {len(named)} {what}:"
    for name, seconds in sorted(named.items(), key=lambda item: (-item[1], item[0]))[:_LINES]:
        yield f"{seconds * 1000:>8.1f} ms  {escape(name)}"
