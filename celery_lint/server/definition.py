"""From a name of a task to the task, and from the task to what sends it."""

from __future__ import annotations

from celery_lint.finding import Location
from celery_lint.server.snapshot import Snapshot


def definitions(snapshot: Snapshot, path: str, offset: int) -> tuple[Location, ...]:
    """Where the tasks are defined whose name stands at OFFSET of PATH in a string. What is no string the editor finds
    by itself."""
    spot = snapshot.spots.at(path, offset)
    if spot is None or spot.kind != "name":
        return ()
    return tuple(snapshot.spots.homes[task] for task in spot.tasks if task in snapshot.spots.homes)


def references(snapshot: Snapshot, path: str, offset: int) -> tuple[Location, ...]:
    """What sends the tasks that stand at OFFSET of PATH: calls, and strings with their names."""
    spot = snapshot.spots.at(path, offset)
    if spot is None:
        return ()
    named = [
        each.location
        for spots in snapshot.spots.by_path.values()
        for each in spots
        if each.kind == "name" and set(each.tasks) & set(spot.tasks)
    ]
    called = [location for task in spot.tasks for location in snapshot.spots.callers.get(task, ())]
    return tuple(dict.fromkeys((*called, *named)))
