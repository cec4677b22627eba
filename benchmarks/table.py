"""What was measured, as Markdown."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from checkout import Checkout
from measure import Cost, Measure
from tools import OURS, Tool

Key = tuple[str, str, str]  # scenario, tool, project

_HEADINGS: dict[Measure, str] = {
    "wall": "Wall time",
    "cpu": "CPU time, of all processes",
    "memory": "Peak memory, of the largest process",
}
COLD = "cold"
_HEADLINE = (COLD, "warm", "one file changed, with Celery")


class Results:
    """All costs, by what cost it and the number of the round."""

    def __init__(self) -> None:
        self._costs: dict[Key, dict[int, Cost | None]] = defaultdict(dict)

    def add(self, key: Key, number: int, spent: Cost | None) -> None:
        """In round NUMBER what KEY names cost SPENT; None when it was given up."""
        self._costs[key][number] = spent

    def of(self, key: Key) -> tuple[Cost | None, ...]:
        """All that KEY has cost."""
        return tuple(self._costs.get(key, {}).values())

    def scenarios(self) -> tuple[str, ...]:
        """What was measured with projects, in order."""
        return tuple(dict.fromkeys(scenario for scenario, _, project in self._costs if project))

    def median(self, key: Key, measure: Measure) -> float | None:
        """The median of MEASURE; None when it was given up or not measured."""
        spent = [each for each in self.of(key) if each is not None]
        return median(getattr(each, measure) for each in spent) if spent else None

    def ratio(self, key: Key, other: Key, measure: Measure) -> float | None:
        """How many times as much KEY costs as OTHER: the median over the rounds that have both."""
        mine, theirs = self._costs.get(key, {}), self._costs.get(other, {})
        pairs = [(mine[number], theirs[number]) for number in mine if number in theirs]
        ratios = [
            getattr(one, measure) / getattr(two, measure) for one, two in pairs if one and two and getattr(two, measure)
        ]
        return median(ratios) if ratios else None


def tables(
    results: Results, checkouts: Sequence[Checkout], tools: Sequence[Tool], about: Sequence[str]
) -> Iterator[str]:
    """One table a measure: a row for each scenario and tool, a column for each project. In brackets: how many times as
    much as celery-lint."""
    yield from (f"{line}.  " for line in about)
    yield ""
    yield "In brackets: how many times as much as celery-lint in the same round."
    for measure, heading in _HEADINGS.items():
        rows = [row for scenario in results.scenarios() for row in _rows(results, scenario, checkouts, tools, measure)]
        sizes = (f"{each.name}: {each.files:,} files, {each.lines:,} lines" for each in checkouts)
        table = "\n".join([f"| {heading} | | {' | '.join(sizes)} |", "|" + "---|" * (len(checkouts) + 2), *rows])
        # People ask how long they wait; the rest is there for those who want it.
        yield f"\n{table}" if measure == "wall" else _folded(heading, table)
    ratio = results.ratio(("start-up", "--version", ""), ("start-up", "click", ""), "wall")
    spent = results.median(("start-up", "--version", ""), "wall")
    if ratio is not None and spent is not None:
        yield f'\n`celery-lint --version`: {shown(spent, "wall")}, {ratio:.2f}× `python -c "import click"`.'


def _folded(heading: str, table: str) -> str:
    return f"\n<details><summary>{heading}</summary>\n\n{table}\n\n</details>"


def _rows(
    results: Results, scenario: str, checkouts: Sequence[Checkout], tools: Sequence[Tool], measure: Measure
) -> Iterator[str]:
    first = f"**{scenario}**"
    for tool in tools:
        cells = [_cell(results, (scenario, tool.name, each.name), measure) for each in checkouts]
        if any(cells):
            yield f"| {first} | {tool.title} | {' | '.join(cells)} |"
            first = ""


def _cell(results: Results, key: Key, measure: Measure) -> str:
    spent = results.median(key, measure)
    if spent is None:
        return "–" if results.of(key) else ""
    ratio = results.ratio(key, (key[0], OURS, key[2]), measure)
    return shown(spent, measure) + (f" ({_times(ratio)}×)" if ratio is not None and key[1] != OURS else "")


def shown(amount: float, measure: Measure) -> str:
    """AMOUNT as people read it."""
    if measure == "memory":
        return f"{amount / 1e6:.0f} MB"
    return f"{amount:.3f} s" if amount < 1 else f"{amount:.2f} s" if amount < 10 else f"{amount:.0f} s"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def headline(results: Results, checkouts: Sequence[Checkout]) -> str:
    """What those who are in a hurry want to know: how long celery-lint itself takes."""
    sizes = (f"{each.name}: {each.files:,} files, {each.lines:,} lines" for each in checkouts)
    lines = [f"| Wall time | {' | '.join(sizes)} |", "|" + "---|" * (len(checkouts) + 1)]
    for scenario in results.scenarios():
        if scenario in _HEADLINE:
            cells = (_cell(results, (scenario, OURS, each.name), "wall") for each in checkouts)
            lines.append(f"| {scenario} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write_block(page: Path, name: str, text: str) -> None:
    """Put TEXT between the markers NAME in PAGE."""
    block = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
    before = page.read_text(encoding="utf-8")
    page.write_text(block.sub(lambda _: f"{text}\n", before), encoding="utf-8")
