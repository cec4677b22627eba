"""What stands where: the places of a project that an editor can be asked about, as plain data.

It is worked out once a run, where the project is at hand; requests are answered from it at any time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field

from celery_lint.facts.model import NOWHERE, Call, Value
from celery_lint.finding import Location, Span
from celery_lint.project.calls.sent import sent
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.views.drawing import prefix_of
from celery_lint.views.model import Picture

Kind = Literal["task", "call", "name", "queue", "setting"]


class Spot(Struct, frozen=True):
    """Something that stands at LOCATION: a task's own name or decorator, a call that sends one, the name of one in a
    string, the name of a queue or of a setting. TASKS are the ids of the tasks that are meant, TEXT is the name."""

    location: Location
    kind: Kind
    tasks: tuple[str, ...] = ()
    text: str = ""

    @property
    def span(self) -> Span:
        """Where in its file."""
        return self.location.span


class Spots(Struct, frozen=True):
    """All spots, by path. HOMES is where tasks are defined, CALLERS where they are sent, both by id."""

    by_path: Mapping[str, tuple[Spot, ...]] = field(default_factory=dict)
    homes: Mapping[str, Location] = field(default_factory=dict)
    callers: Mapping[str, tuple[Location, ...]] = field(default_factory=dict)

    def at(self, path: str, offset: int) -> Spot | None:
        """The smallest spot at OFFSET of PATH; the end of a name belongs to it."""
        here = [spot for spot in self.by_path.get(path, ()) if spot.span.start <= offset <= spot.span.end]
        return min(here, key=lambda spot: spot.span.end - spot.span.start, default=None)

    def tasks_in(self, path: str) -> Iterator[tuple[str, Location]]:
        """The tasks that PATH defines, by id, in order."""
        found = [(identifier, home) for identifier, home in self.homes.items() if home.path == path]
        yield from sorted(found, key=lambda each: each[1])


def find_spots(projects: Sequence[Project], picture: Picture) -> Spots:
    """The spots of PROJECTS, of which PICTURE was drawn."""
    spots: list[Spot] = []
    homes: dict[str, Location] = {}
    callers: dict[str, list[Location]] = defaultdict(list)
    for number, project in enumerate(projects, 1):
        prefix = prefix_of(number, len(projects))
        ids = {task: f"{prefix}task{position}" for position, task in enumerate(project.tasks, 1)}
        homes |= {identifier: task.location for task, identifier in ids.items()}
        for call in project.calls:
            if call.task in ids and call.method != "apply":
                callers[ids[call.task]].append(call.location)
        spots += _spots(project, picture, prefix, ids)
    by_path: dict[str, dict[Spot, None]] = defaultdict(dict)
    for spot in spots:
        by_path[spot.location.path][spot] = None
    unique = {identifier: tuple(dict.fromkeys(places)) for identifier, places in callers.items()}
    return Spots({path: tuple(found) for path, found in by_path.items()}, homes, unique)


def _spots(project: Project, picture: Picture, prefix: str, ids: Mapping[Task, str]) -> Iterator[Spot]:
    for task, identifier in ids.items():
        yield from _of_task(task, identifier)
    for call in project.calls:
        if call.task in ids and not call.by_name:
            yield Spot(Location(call.path, _callee(call.call)), "call", (ids[call.task],))
    yield from _sent(project, ids)
    yield from _of_picture(project, picture, prefix)
    for queue in project.queues:
        for use in queue.uses:
            if not use.what.startswith(("route", "task")):
                yield Spot(use.location, "queue", text=queue.name)
    for task in ids:
        option = task.option("queue")
        known = project.evaluator.text(option.value) if option is not None else None
        if option is not None and isinstance(known, Known):
            yield Spot(Location(option.value.path, option.value.span), "queue", text=known.value)
    for setting in project.written_settings:
        if setting.name is not None and setting.is_read:
            yield Spot(Location(setting.location.path, setting.name_span), "setting", text=setting.name)


def _of_task(task: Task, identifier: str) -> Iterator[Spot]:
    yield Spot(task.location, "task", (identifier,))
    if task.decorator is not None:
        yield Spot(Location(task.decorator.path, _callee(task.decorator.value)), "task", (identifier,))
    name = task.option("name")
    if name is not None:
        yield Spot(Location(name.value.path, name.value.span), "task", (identifier,))


def _sent(project: Project, ids: Mapping[Task, str]) -> Iterator[Spot]:
    for name, path, call in sent(project.files, project.evaluator):
        argument = call.argument(0, "name")
        if argument is not None:
            value = Placed(path, call.block, argument.value)
            yield Spot(Location(path, value.span), "name", _named(name, ids), name)


def _of_picture(project: Project, picture: Picture, prefix: str) -> Iterator[Spot]:
    """Schedule entries and routes: what they mean was decided when they were drawn."""
    entries = {entry.id: entry for entry in picture.schedule}
    for number, entry in enumerate(project.schedule, 1):
        drawn = entries.get(f"{prefix}entry{number}")
        if drawn is not None and (drawn.task_id is not None or entry.task is not None):
            meant = (drawn.task_id,) if drawn.task_id is not None else ()
            yield Spot(entry.task_location, "name", meant, entry.task or "")
    routes = {route.id: route for route in picture.routes}
    every = (route for app in project.apps for route in project.route_tables[app].routes)
    for number, route in enumerate(every, 1):
        drawn_route = routes.get(f"{prefix}route{number}")
        if drawn_route is not None:
            yield Spot(route.location, "name", drawn_route.tasks, route.pattern)


def _named(name: str, ids: Mapping[Task, str]) -> tuple[str, ...]:
    return tuple(identifier for task, identifier in ids.items() if name in task.names)


def _callee(value: Value) -> Span:
    """The part of a call that stands before its arguments; the whole of anything else."""
    return value.callee.span if isinstance(value, Call) and value.callee.span != NOWHERE else value.span
