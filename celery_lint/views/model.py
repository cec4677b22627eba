"""The picture of a deployment: what runs where, as plain data that every format is written from.

Nodes name each other by ID. `problems` are positions in `Picture.problems`. Text is as the project has it, control
characters and all: the formats escape.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Problems = Annotated[tuple[int, ...], Meta(description="Positions in the list of problems")]
Open = Annotated[str | None, Meta(description="Why it cannot be told; null when it can")]
Severity = Literal["error", "warning", "info"]
Consumed = Literal["yes", "maybe", "no", "elsewhere", "unknown"]


class Place(Struct, frozen=True):
    """A line of a file; PATH is relative to the project's root, `.` for the project itself."""

    path: str
    line: int


class Problem(Struct, frozen=True):
    """A finding, as far as a picture needs it."""

    code: str
    name: str
    severity: Severity
    message: str
    place: Place


class Option(Struct, frozen=True):
    """An option or a setting, its value as it is written."""

    name: str
    value: str
    place: Place | None = None


class Limit(Struct, frozen=True):
    """A time limit: TEXT for people, SECONDS when they can be told, SOURCE for what sets it. The pools in IGNORED_BY
    run the task and do not enforce it."""

    text: str
    seconds: float | None
    source: str
    place: Place | None
    ignored_by: tuple[str, ...] = ()


class App(Struct, frozen=True):
    """A Celery application. Applications with the same GROUP share tasks, and so queues. HARD and SOFT are the time
    limits of tasks that set none themselves."""

    id: str
    name: str
    place: Place
    group: int
    default_queue: str | None
    hard: Limit | None = None
    soft: Limit | None = None
    settings: tuple[Option, ...] = ()
    open: Open = None
    problems: Problems = ()


class Caller(Struct, frozen=True):
    """A place that sends a task: WHAT it stands in, HOW it sends (`delay`), to which QUEUE if it says so. TASK is the
    task whose function it stands in."""

    what: str
    how: str
    place: Place
    queue: str | None = None
    task: str | None = None


class Task(Struct, frozen=True):
    """A task. NAMES are the names it can have. OPTIONS are those that differ from the default."""

    id: str
    name: str
    names: tuple[str, ...]
    module: str
    place: Place
    apps: tuple[str, ...]
    is_async: bool = False
    options: tuple[Option, ...] = ()
    hard: Limit | None = None
    soft: Limit | None = None
    callers: tuple[Caller, ...] = ()
    open: Open = None
    problems: Problems = ()


class Route(Struct, frozen=True):
    """An entry of `task_routes`, and the TASKS that take it."""

    id: str
    pattern: str
    queue: str | None
    app: str
    place: Place
    tasks: tuple[str, ...] = ()
    problems: Problems = ()


class Queue(Struct, frozen=True):
    """A queue; NAME is null for the place of tasks whose queue cannot be told."""

    id: str
    name: str | None
    group: int
    is_default: bool
    consumed: Consumed
    open: Open = None
    problems: Problems = ()


class Worker(Struct, frozen=True):
    """A worker. QUEUES are those of `-Q`; null without, and when they are open."""

    id: str
    label: str
    command: str | None
    place: Place
    app: str | None
    pool: str | None
    pool_open: Open = None
    concurrency: str | None = None
    replicas: int | None = None
    queues: tuple[str, ...] | None = None
    queues_open: Open = None
    options: tuple[Option, ...] = ()
    problems: Problems = ()


class Beat(Struct, frozen=True):
    """A command that starts beat; WORKER when that is a worker with `-B`."""

    label: str
    command: str
    place: Place
    app: str | None
    worker: str | None = None
    problems: Problems = ()


class Entry(Struct, frozen=True):
    """An entry of the schedule: MEANING in words, WRITTEN as in the code. ELSEWHERE: the configuration says so."""

    id: str
    key: str | None
    task: str | None
    task_id: str | None
    meaning: str
    written: str | None
    place: Place | None
    app: str | None
    queue: str | None = None
    elsewhere: bool = False
    problems: Problems = ()


class Edge(Struct, frozen=True):
    """One step of the way: from an entry or a task to a task, to a queue, to a worker. Not CERTAIN: it may be so."""

    source: str
    target: str
    why: str
    place: Place | None = None
    certain: bool = True
    problems: Problems = ()


class Gap(Struct, frozen=True):
    """Something that could not be read, and so what is not known."""

    what: str
    why: str
    place: Place | None = None


class Picture(Struct, frozen=True):
    """Everything that was understood of a project."""

    name: str
    apps: tuple[App, ...] = ()
    tasks: tuple[Task, ...] = ()
    routes: tuple[Route, ...] = ()
    queues: tuple[Queue, ...] = ()
    workers: tuple[Worker, ...] = ()
    beats: tuple[Beat, ...] = ()
    schedule: tuple[Entry, ...] = ()
    edges: tuple[Edge, ...] = ()
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def problem(self, position: int) -> Problem:
        """The problem at POSITION."""
        return self.problems[position]

    def into(self, node: str) -> tuple[Edge, ...]:
        """The edges that end at NODE."""
        return tuple(edge for edge in self.edges if edge.target == node)

    def out_of(self, node: str) -> tuple[Edge, ...]:
        """The edges that start at NODE."""
        return tuple(edge for edge in self.edges if edge.source == node)
