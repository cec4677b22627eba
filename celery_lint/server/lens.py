"""Above each task: where it runs, and how many places send it."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from celery_lint.server.cards import lens_title
from celery_lint.server.diagnostics import Desk
from celery_lint.server.snapshot import Snapshot
from celery_lint.views.phrases import counted

RUNS_ON = "celery-lint.showWorker"
CALLERS = "celery-lint.showCallers"


def lenses(snapshot: Snapshot, path: str, desk: Desk) -> Iterator[types.CodeLens]:
    """The lenses of the file PATH."""
    source = snapshot.sources.get(path)
    tasks = {task.id: task for task in snapshot.picture.tasks}
    for identifier, home in snapshot.spots.tasks_in(path) if source is not None else ():
        where = desk.range(source, home.span) if source is not None else None
        if where is None or identifier not in tasks:
            continue
        arguments = [str(snapshot.root), identifier]
        title = lens_title(snapshot.picture, tasks[identifier])
        yield types.CodeLens(where, types.Command(title, RUNS_ON, arguments=arguments))
        callers = snapshot.spots.callers.get(identifier, ())
        entries = sum(entry.task_id == identifier for entry in snapshot.picture.schedule)
        yield types.CodeLens(where, types.Command(_sent(len(callers), entries), CALLERS, arguments=arguments))


def _sent(callers: int, entries: int) -> str:
    """How many places send a task."""
    parts = [counted(callers, "caller")] if callers else []
    parts += [counted(entries, "schedule entry", "schedule entries")] if entries else []
    return ", ".join(parts) or "no caller seen"
