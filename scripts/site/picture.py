"""The picture of a project as SVG in the colours of the site: the same lanes that `celery-lint map` draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from celery_lint.configfile import Place
from celery_lint.run import run
from celery_lint.settings import load
from celery_lint.views.drawing import draw
from celery_lint.views.lanes import Card, Group, Lanes, Line, lanes
from celery_lint.views.model import Picture
from celery_lint.views.model import Place as Spot
from celery_lint.views.phrases import problems_of

_WIDTH, _GAP, _TOP, _SPACE = 214, 66, 34, 14
_TITLES = ("Sent by", "Task", "Queue", "Worker, pool")
_CHARACTERS = 27


def svg(root: Path) -> str:
    """The picture of the project at ROOT."""
    configuration = load(Place(root, root / "pyproject.toml"))
    done = run(configuration, with_fixes=False)
    picture = draw(root.name, done.projects, done.report.findings, Spot("pyproject.toml", 1))
    return _drawn(picture, lanes(picture))


def _drawn(picture: Picture, layout: Lanes) -> str:
    columns = [layout.senders, layout.tasks, layout.queues, layout.workers]
    placed: dict[str, tuple[float, float, Card]] = {}
    heights = [sum(_height(card) + _SPACE for card in _cards(groups)) for groups in columns]
    full = max(heights)
    for column, groups in enumerate(columns):
        y = _TOP + (full - heights[column]) / 2
        for card in _cards(groups):
            placed[card.id] = (column * (_WIDTH + _GAP), y, card)
            y += _height(card) + _SPACE
    width, height = len(columns) * (_WIDTH + _GAP) - _GAP, _TOP + full
    titles = "".join(
        f'<text class="p-title" x="{column * (_WIDTH + _GAP)}" y="14">{title}</text>'
        for column, title in enumerate(_TITLES)
    )
    joined = (line for line in layout.lines if {line.source, line.target} <= placed.keys())
    lines = "".join(_line(picture, line, placed) for line in joined)
    boxes = "".join(_box(picture, x, y, card) for x, y, card in placed.values())
    label = f"{picture.name}: what sends each task, its queue, and the worker and pool that run it"
    return (
        f'<div class="picture" tabindex="0"><svg viewBox="-2 0 {width + 4} {height}" role="img" '
        f'aria-label="{escape(label)}" xmlns="http://www.w3.org/2000/svg">{titles}{lines}{boxes}</svg></div>'
    )


def _cards(groups: Sequence[Group]) -> Iterable[Card]:
    return (card for group in groups for card in group.cards)


def _height(card: Card) -> int:
    return 50 if card.note else 34


def _line(picture: Picture, line: Line, placed: dict[str, tuple[float, float, Card]]) -> str:
    (x1, y1, source), (x2, y2, target) = placed[line.source], placed[line.target]
    start, end = (x1 + _WIDTH, y1 + _height(source) / 2), (x2, y2 + _height(target) / 2)
    middle = (start[0] + end[0]) / 2
    wrong = problems_of(picture, line.problems)
    kind = f"p-line p-{line.pool or 'unknown'}" + (" p-wrong" if wrong else "") + ("" if line.certain else " p-maybe")
    way = f"M{start[0]:g} {start[1]:g}C{middle:g} {start[1]:g} {middle:g} {end[1]:g} {end[0]:g} {end[1]:g}"
    code = ""
    if wrong:
        at = _point(start, end, 0.3)  # where lines that cross are still apart
        code = (
            f'<rect class="p-badge" x="{at[0] - 25:g}" y="{at[1] - 9:g}" width="50" height="18" rx="9"/>'
            f'<text class="p-code" x="{at[0]:g}" y="{at[1] + 4:g}">{escape(wrong[0].code)}</text>'
        )
    return f'<path class="{kind}" d="{way}"/>{code}'


def _point(start: tuple[float, float], end: tuple[float, float], part: float) -> tuple[float, float]:
    """Where a line from START to END is when PART of it is done."""
    rest, middle = 1 - part, (start[0] + end[0]) / 2
    weights = rest**3, 3 * rest**2 * part, 3 * rest * part**2, part**3
    across = sum(weight * x for weight, x in zip(weights, (start[0], middle, middle, end[0]), strict=True))
    down = sum(weight * y for weight, y in zip(weights, (start[1], start[1], end[1], end[1]), strict=True))
    return across, down


def _box(picture: Picture, x: float, y: float, card: Card) -> str:
    height = _height(card)
    wrong = problems_of(picture, card.problems)
    kind = f"p-box p-{card.kind.replace(' ', ' p-')}" + (f" p-{card.pool}" if card.pool else "")
    parts = [f'<g><rect class="{kind}" x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{height}" rx="7"/>']
    room = _CHARACTERS - (8 if wrong else 0)
    parts.append(f'<text class="p-name" x="{x + 12:g}" y="{y + 22:g}">{escape(_short(card.label, room))}</text>')
    if card.note:
        parts.append(f'<text class="p-note" x="{x + 12:g}" y="{y + 39:g}">{escape(_short(card.note, 32))}</text>')
    if wrong:
        parts.append(f'<text class="p-mark" x="{x + _WIDTH - 10:g}" y="{y + 21:g}">{escape(wrong[0].code)}</text>')
    return "".join((*parts, "</g>"))


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else "…" + text[-(most - 1) :]
