"""The picture as plain boxes and arrows, for programs that lay out by themselves: what folds is one box."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from celery_lint.views.lanes import Card, Group, Lanes, lanes
from celery_lint.views.model import Picture
from celery_lint.views.phrases import counted, problems_of


class Box(Struct, frozen=True):
    """A box in the LANE of that name: LINES of text, KIND and POOL say how it looks."""

    id: str
    lane: str
    kind: str
    pool: str
    lines: tuple[str, ...]


class Arrow(Struct, frozen=True):
    """An arrow between boxes; CODES are what is wrong on the way."""

    source: str
    target: str
    certain: bool
    codes: tuple[str, ...]


class Sketch(Struct, frozen=True):
    """Boxes, and arrows between them."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


LANES = (("senders", "Sent by"), ("tasks", "Tasks"), ("queues", "Queues"), ("workers", "Workers"))


def sketch(picture: Picture) -> Sketch:
    """PICTURE as boxes and arrows, in a fixed order."""
    layout = lanes(picture)
    boxes: list[Box] = []
    box_of: dict[str, str] = {}
    for lane, _ in LANES:
        for group in getattr(layout, lane):
            for cards, lines in _shown(group):
                box = f"n{len(boxes) + 1}"
                boxes.append(Box(box, lane, cards[0].kind, cards[0].pool, tuple(line for line in lines if line)))
                box_of |= {card.id: box for card in cards}
    return Sketch(tuple(boxes), tuple(_arrows(picture, layout, box_of)))


def _shown(group: Group) -> Iterator[tuple[tuple[Card, ...], tuple[str, ...]]]:
    if not group.is_open:
        noun = ("entry", "entries") if group.id == "schedule" else ("task", "tasks")
        yield group.cards, (group.label, counted(len(group.cards), *noun))
        return
    for card in group.cards:
        is_task = group.id.startswith("module:")
        yield (card,), (group.label if is_task and not _is_full(card, group) else "", card.label, card.note)


def _is_full(card: Card, group: Group) -> bool:
    """Whether the name of a task stands for itself: it does not start with its module's."""
    return "." in card.label and bool(group.label)


def _arrows(picture: Picture, layout: Lanes, box_of: dict[str, str]) -> Iterator[Arrow]:
    found: dict[tuple[str, str], tuple[bool, tuple[int, ...]]] = {}
    for line in layout.lines:
        if line.source in box_of and line.target in box_of:
            key = (box_of[line.source], box_of[line.target])
            certain, problems = found.get(key, (False, ()))
            found[key] = (certain or line.certain, (*problems, *line.problems))
    for (source, target), (certain, problems) in found.items():
        yield Arrow(source, target, certain, tuple(problem.code for problem in problems_of(picture, problems)))
