"""What is known of what the mouse points at."""

from __future__ import annotations

from celery_lint.finding import Span
from celery_lint.server.cards import code, queue_card, setting_card, task_card, unknown_card
from celery_lint.server.snapshot import Snapshot
from celery_lint.server.spots import Spot


def hover_at(snapshot: Snapshot, path: str, offset: int) -> tuple[Span, list[str]] | None:
    """The place in PATH that OFFSET means, and Markdown lines about it; None when there is nothing to say."""
    spot = snapshot.spots.at(path, offset)
    lines = _lines(snapshot, spot) if spot is not None else []
    return (spot.span, lines) if spot is not None and lines else None


def _lines(snapshot: Snapshot, spot: Spot) -> list[str]:
    if spot.kind == "queue":
        return queue_card(snapshot.picture, spot.text)
    if spot.kind == "setting":
        return setting_card(spot.text, snapshot.table)
    if not spot.tasks:
        return unknown_card(spot.text, snapshot.tasks_open) if spot.kind == "name" else []
    if len(spot.tasks) == 1:
        return task_card(snapshot.picture, spot.tasks[0])
    return _several(snapshot, spot)


def _several(snapshot: Snapshot, spot: Spot) -> list[str]:
    """A route that several tasks take, or a name that several have."""
    names = [task.name for task in snapshot.picture.tasks if task.id in spot.tasks]
    lines = [f"{code(spot.text)} means {len(names)} tasks:", "", *(f"- {code(name)}" for name in names[:12])]
    return [*lines, f"- and {len(names) - 12} more"] if len(names) > 12 else lines
