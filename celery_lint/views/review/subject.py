"""What the lines of a checklist are written from: one task of one state of a project."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct

from celery_lint.finding import Location
from celery_lint.project.code.symbols import ClassRef, FunctionRef
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.views.drawing import draw
from celery_lint.views.model import Edge, Entry, Picture, Place, Queue, Worker
from celery_lint.views.model import Task as DrawnTask
from celery_lint.views.review.model import Kind, State


class Draft(Struct, frozen=True):
    """A line before the findings are known: what was seen, at which PLACES; and FINE, which is only said when nothing
    is wrong with it."""

    kind: Kind
    state: State
    text: str
    why: str | None = None
    places: tuple[Location, ...] = ()
    fine: str = ""


class Subject(Struct, frozen=True, eq=False, dict=True):
    """TASK of PROJECT, as it is DRAWN in the PICTURE of that project."""

    task: Task
    project: Project
    drawn: DrawnTask
    picture: Picture

    @cached_property
    def code(self) -> tuple[FunctionRef, ...]:
        """All functions that a run of the task goes through: its own, those it reaches, the methods of its base."""
        found = [each for start in self.starts for each in self.project.reach.explored_from(start)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def starts(self) -> tuple[FunctionRef, ...]:
        """Where a run of the task starts: its function, and what its base does around it."""
        own = [self.task.function] if self.task.function is not None else []
        return tuple(dict.fromkeys((*own, *self._hooks())))

    @cached_property
    def code_set(self) -> frozenset[FunctionRef]:
        """The same, to look things up in."""
        return frozenset(self.code)

    def _hooks(self) -> list[FunctionRef]:
        bases = (self.task.cls, self.task.base, *(app.task_class for app in self.project.apps_of(self.task)))
        names = ("__call__", "run", "before_start", "on_success", "on_failure", "on_retry", "after_return")
        own = [base for base in bases if isinstance(base, ClassRef)]
        methods = [self.project.symbols.method(base, name) for base in own for name in names]
        return [method for method in methods if method is not None]

    @cached_property
    def own_span(self) -> Location:
        """The whole `def` or `class` statement of the task, with its decorators."""
        index = self.project.index(self.task.location.path)
        named = self.task.location.span
        spans = [fact.span for fact in index.facts.functions if fact.name_span == named]
        spans += [fact.span for fact in index.facts.classes if fact.name_span == named]
        return Location(self.task.location.path, spans[0]) if spans else self.task.location

    def place(self, location: Location) -> Place:
        """LOCATION as people count it."""
        return place_of(location, self.project)

    def at(self, location: Location) -> str:
        """LOCATION in a sentence."""
        place = self.place(location)
        return f"`{place.path}:{place.line}`"

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The edges to the queues of the task."""
        return self.picture.out_of(self.drawn.id)

    def queue(self, identifier: str) -> Queue:
        """A queue of the picture."""
        return self.queues[identifier]

    @cached_property
    def queues(self) -> dict[str, Queue]:
        """The queues of the picture."""
        return {queue.id: queue for queue in self.picture.queues}

    @cached_property
    def workers(self) -> dict[str, Worker]:
        """The workers of the picture."""
        return {worker.id: worker for worker in self.picture.workers}

    @cached_property
    def schedule(self) -> tuple[Entry, ...]:
        """The schedule entries that send the task."""
        return tuple(entry for entry in self.picture.schedule if entry.task_id == self.drawn.id)


def place_of(location: Location, project: Project) -> Place:
    """LOCATION of PROJECT as people count it."""
    if location.path == "." or location.path not in project.files.known:
        return Place(location.path, 1)
    return Place(location.path, project.line(location))


def subjects(projects: Sequence[Project], declared: Place) -> list[Subject]:
    """All tasks of PROJECTS, in their order. DECLARED is where the configuration declares workers."""
    found: list[Subject] = []
    for project in projects:
        drawing = draw("", [project], (), declared)
        pairs = zip(project.tasks, drawing.tasks, strict=True)
        found += [Subject(task, project, drawn, drawing) for task, drawn in pairs]
    return found
