"""CEL709: one task, scheduled twice by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from celery_lint.finding import Finding, Related
from celery_lint.project.model import App, ScheduleEntry
from celery_lint.project.project import Project
from celery_lint.project.schedule.periodic import comes_at, message_of, tasks_of
from celery_lint.rule import HIGH, WARNING, rule


@rule("CEL709", "duplicate-schedule-entry", since="0.1", severity=WARNING, confidence=HIGH)
def check(app: App, project: Project) -> Iterator[Finding]:
    """Two schedule entries send the same task: under nearly the same key, or the same message at the same times."""
    by_task: dict[str, list[ScheduleEntry]] = {}
    for entry in project.schedule:
        name = _sent(entry, project) if entry.app is app else None
        if name is not None:
            by_task.setdefault(name, []).append(entry)
    for name, entries in by_task.items():
        reported: set[int] = set()
        for earlier, later in combinations(entries, 2):
            if id(later) not in reported and not _are_alternatives(earlier, later):
                found = _duplicate(name, earlier, later, project)
                if found is not None:
                    reported.add(id(later))
                    yield found


def _sent(entry: ScheduleEntry, project: Project) -> str | None:
    """The name of the task; None for what is unknown, and for records of a database, which may be made once."""
    if entry.open or entry.body is None:
        return None
    if entry.task is not None:
        return entry.task
    tasks = tasks_of(entry, project)
    return tasks[0].name if len(tasks) == 1 else None


def _are_alternatives(one: ScheduleEntry, other: ScheduleEntry) -> bool:
    """Whether only one of them may be there: calls in two branches, or a key that the later one takes over."""
    if one.key == other.key:
        return True
    blocks = {(entry.body.path, entry.body.block) for entry in (one, other) if entry.body is not None}
    return len(blocks) > 1


def _duplicate(name: str, earlier: ScheduleEntry, later: ScheduleEntry, project: Project) -> Finding | None:
    messages = message_of(earlier, project), message_of(later, project)
    if None in messages or messages[0] != messages[1]:
        return None
    times = comes_at(earlier, project), comes_at(later, project)
    if None not in times and times[0] == times[1]:
        said = f"{later.described} sends `{name}` at the same times as {_short(earlier)}: it runs twice each time"
    elif _folded(earlier.key) == _folded(later.key):
        said = (
            f"schedule entries `{earlier.key}` and `{later.key}` both send `{name}`, each at its own times: one of "
            "them is probably left over from a rename"
        )
    else:
        return None
    return check.finding(
        f"{said}; remove one",
        later.location,
        later.entity,
        related=(Related(earlier.location, "the other entry"),),
    )


def _short(entry: ScheduleEntry) -> str:
    return f"`{entry.key}`" if entry.key is not None else "another entry"


def _folded(key: str | None) -> object:
    """A key without what people mix up when they rename one; a missing one is like no other."""
    return object() if key is None else key.lower().replace("_", "-").replace(" ", "-")
