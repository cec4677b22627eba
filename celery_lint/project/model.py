"""The vocabulary of a project: what the facts of all files say together, and its three-valued questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from celery_lint.facts.deploy.celery_command import Invocation
from celery_lint.facts.model import Call, Command
from celery_lint.finding import Confidence, Location, Related, Span
from celery_lint.project.code.symbols import ClassRef, External, FunctionRef
from celery_lint.project.code.values import Known, Placed, Unknown
from celery_lint.project.settings.written import WrittenSetting


class Setting(Struct, frozen=True):
    """One setting of an app: its new-style NAME, its value, and where it is written."""

    name: str
    value: Placed
    origin: Location


class Settings(Struct, frozen=True):
    """The effective settings of one app.

    OPEN says why more may be set than can be seen; None when all is seen. OUTSIDE: something that is no file of
    this project may set them. WRITTEN are all settings as they are written, also those that Celery does not read.
    """

    entries: Mapping[str, Setting] = field(default_factory=dict)
    open: str | None = None
    outside: bool = False
    written: tuple[WrittenSetting, ...] = ()

    def get(self, name: str) -> Setting | None:
        """The setting NAME (new style), when it is seen."""
        return self.entries.get(name)


class App(Struct, frozen=True, eq=False):
    """One Celery application: where it is made, what it is called, how it is configured.

    LOCATION is the call that makes it. MODULE_PATH is the file its variable lives in. ROOT is the folder that
    the worker imports from ("" for the project's root), when an import or a command tells. TASK_CLASS is the
    base of its tasks when it is not Celery's own. OPEN_TASKS says why tasks may exist that cannot be seen.
    """

    name: str
    location: Location
    module_path: str
    variables: tuple[tuple[str, str], ...]
    call: Call
    main: str | None
    settings: Settings
    app_class: ClassRef | None = None
    task_class: ClassRef | External | None = None
    configured_at: tuple[Placed, ...] = ()

    @property
    def entity(self) -> str:
        """What findings about this app are about."""
        return f"app:{self.name}"


class Option(Struct, frozen=True):
    """One option of a task and where it is written."""

    name: str
    value: Placed
    location: Location


class Task(Struct, frozen=True, eq=False):
    """One task. NAMES are the names it can have: one when it is certain, several when the import root is not,
    none when it is computed; then LABEL, what the code calls it, is shown. LOCATION is the name in its `def` or
    `class` statement."""

    names: tuple[str, ...]
    location: Location
    function: FunctionRef | None
    decorator: Placed | None
    options: Mapping[str, Option]
    options_open: bool
    app: App | None
    apps: tuple[App, ...] = ()
    base: ClassRef | External | None = None
    base_is_unknown: bool = False
    is_async: bool = False
    cls: ClassRef | None = None
    custom_decorator: bool = False
    decorators_below: tuple[Placed, ...] = ()
    explicit_name: bool = False
    label: str = ""

    @property
    def name(self) -> str:
        """The name to show: the certain one, else the longest candidate, else the function's own."""
        return self.names[0] if self.names else self.label

    @property
    def entity(self) -> str:
        """What findings about this task are about."""
        return f"task:{self.name}"

    def option(self, name: str) -> Option | None:
        """The option NAME given to the decorator or set on the class."""
        return self.options.get(name)


class Worker(Struct, frozen=True, eq=False):
    """One worker that some deployment file or launcher starts.

    QUEUES: the names after `-Q`; None when there is no `-Q`; Unknown when it cannot be read. POOL likewise.
    APP is the application it serves; None when it cannot be told (it may serve any). COMMAND and the INVOCATION it
    makes are None for a worker that the configuration declares.
    """

    command: Command | None
    location: Location
    label: str
    app: App | None
    app_is_known: bool
    queues: tuple[str, ...] | Unknown | None
    pool: Known[str] | Unknown
    concurrency: int | None = None
    has_time_limit: bool = False
    excludes_queues: bool = False
    invocation: Invocation | None = None


class CeleryCommand(Struct, frozen=True, eq=False):
    """One run of Celery's command line that a deployment file or a launcher makes: worker, beat, flower, …

    APP is the application that `-A` means; with APP_IS_KNOWN false it cannot be told. NAMES_APP: the words after
    `-A` lead to an application that is seen (else APP may still be the only one there is).
    """

    command: Command
    invocation: Invocation
    location: Location
    label: str
    app: App | None
    app_is_known: bool
    names_app: bool = False

    @property
    def entity(self) -> str:
        """What findings about this command are about."""
        return f"command:{self.label}"


class ScheduleEntry(Struct, frozen=True, eq=False):
    """One periodic task: an entry of `beat_schedule`, or a call of `add_periodic_task`.

    KEY is its name in the schedule; None when it is computed or not given. TASK is the name of the task it sends,
    TASK_IS_KNOWN whether that could be read (a missing `task` is known and None). FIELDS are the entry's items (or
    the call's arguments) by name, OPEN when more may be given than can be seen. LOCATION is the key, or the call. BODY
    is the dict of the items, or the call; None for a record of a database.
    """

    app: App
    key: str | None
    task: str | None
    task_is_known: bool
    task_location: Location
    fields: Mapping[str, Placed]
    open: bool
    location: Location
    is_call: bool = False
    body: Placed | None = None

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"schedule entry `{self.key}`" if self.key is not None else "a schedule entry"

    @property
    def entity(self) -> str:
        """What findings about this entry are about."""
        return f"schedule:{self.key or self.task or 'unnamed'}"


class Route(Struct, frozen=True, eq=False):
    """One entry of `task_routes`: the pattern as written and the queue it names (None: not seen)."""

    app: App
    pattern: str
    is_regex: bool
    queue: str | None
    location: Location
    group: int = 0


class QueueUse(Struct, frozen=True):
    """One place that sends tasks to a queue."""

    queue: str
    location: Location
    what: str


class Queue(Struct, frozen=True, eq=False):
    """A queue that tasks are sent to, and all the places that say so."""

    name: str
    app: App
    uses: tuple[QueueUse, ...]


# How a function comes to run another one: it calls it, gives it to somebody who calls it, has it run in a thread or
# process of its own, or is wrapped by it.
How = Literal["call", "given", "thread", "around"]


class Step(Struct, frozen=True):
    """One step of the way from a task into a helper: the call and the function that it runs."""

    location: Location
    callee: FunctionRef
    how: How = "call"


class Reached(Struct, frozen=True, eq=False):
    """A function that worker code runs, and the shortest way to it.

    ROOT is what starts it: a task, or a worker signal's handler. IN_LOOP: it only runs inside an event loop
    that already runs (it is a coroutine, or called by one).
    """

    function: FunctionRef
    location: Location
    task: Task | None
    root_label: str
    root_location: Location
    steps: tuple[Step, ...]
    in_loop: bool
    is_async: bool

    @property
    def entity(self) -> str:
        """What findings about this function are about."""
        if self.task is not None and self.is_task:
            return self.task.entity
        return f"function:{self.location.path}:{self.label}"

    label: str = ""

    @property
    def in_thread(self) -> bool:
        """Whether it only runs in threads or processes of its own: signals, and what they raise, never get there."""
        return any(step.how == "thread" for step in self.steps)

    @property
    def is_task(self) -> bool:
        """Whether it is the function of the task itself, and not a helper or a hook of the task's base class."""
        return not self.steps and self.task is not None and self.task.function == self.function

    @property
    def is_hook(self) -> bool:
        """Whether it is a method that a base class has around its tasks: `__call__`, `on_failure`."""
        return not self.steps and self.task is not None and self.task.function != self.function

    @property
    def shown(self) -> str:
        """What to call it in a message."""
        if self.is_hook:
            return f"`{self.label}`, which runs around tasks"
        if not self.steps:
            return self.root_label
        return f"`{self.label}`, which {'tasks call' if self.task is not None else 'runs in a worker'}"

    def path(self) -> tuple[Related, ...]:
        """The way here from the task, as related locations."""
        if not self.steps:
            return ()
        start = Related(self.root_location, f"reached from {self.root_label}")
        calls = tuple(Related(step.location, "through this call") for step in self.steps)
        return (start, *calls[:6])


class Unreadable(Struct, frozen=True):
    """A file that could not be read, and why."""

    path: str
    message: str
    span: Span


class Statistics(Struct, frozen=True):
    """What a run has looked at."""

    files: int = 0
    celery_files: int = 0
    apps: int = 0
    tasks: int = 0
    queues: int = 0
    workers: int = 0


__all__ = [
    "App", "Confidence", "Option", "Queue", "QueueUse", "Reached", "Route", "Setting", "Settings", "Statistics",
    "Step", "Task", "Unreadable", "Worker",
]  # fmt: skip
