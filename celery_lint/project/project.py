"""The project as rules see it."""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from msgspec import Struct

from celery_lint.finding import Location
from celery_lint.project.calls.calls import TaskCall, TaskCalls
from celery_lint.project.calls.canvas import Parts
from celery_lint.project.calls.canvases import Canvases
from celery_lint.project.calls.results import Results
from celery_lint.project.calls.sent import sent
from celery_lint.project.code.files import Files
from celery_lint.project.code.handlers import Handlers
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.roots import Roots
from celery_lint.project.code.symbols import ClassRef, External, FunctionRef, Symbols
from celery_lint.project.code.values import Evaluator, Unknown
from celery_lint.project.database.engine_uses import used_by
from celery_lint.project.database.engines import Engine, Engines
from celery_lint.project.database.forking import Forking
from celery_lint.project.database.provenance import Provenance
from celery_lint.project.database.sessions import Sessions
from celery_lint.project.deployment.placement import Placement, apps_of
from celery_lint.project.deployment.routing import RouteTable
from celery_lint.project.deployment.targets import Targets
from celery_lint.project.event_loops.loop_bound import Client, used_clients
from celery_lint.project.event_loops.loops import Loops
from celery_lint.project.linters.twins import Twins
from celery_lint.project.model import (
    App,
    CeleryCommand,
    Queue,
    Reached,
    Route,
    ScheduleEntry,
    Statistics,
    Task,
    Unreadable,
    Worker,
)  # fmt: skip
from celery_lint.project.network.outgoing import Network
from celery_lint.project.schedule.crontabs import Crontab, find_crontabs
from celery_lint.project.settings.celery_version import CeleryRelease
from celery_lint.project.settings.transports import Transports
from celery_lint.project.settings.unseen import Unseen, mentions, written_in
from celery_lint.project.settings.written import WrittenSetting, merged
from celery_lint.project.tasks.bases import calls_otherwise
from celery_lint.project.tasks.callers import Callers
from celery_lint.project.tasks.declaring import TASK_CLASSES
from celery_lint.project.tasks.reach import Reach
from celery_lint.project.tasks.registration import Registration
from celery_lint.project.tasks.retries import Held, RetryCall, find_retry_calls, find_task_holders
from celery_lint.settings import Settings
from celery_lint.source import Source

# What Jinja writes Python files from: `{% for name in names %}`.
_MARKUP = re.compile(rb"^[ \t]*\{%-?[ \t]*\w[^\n]*%\}", re.MULTILINE)


def _is_requirements(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name in ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile") or (
        "requirements" in path and name.endswith((".txt", ".in"))
    )


class Project(Struct, frozen=True, eq=False, dict=True):
    """Everything that is known of a project. Lists are in the order of files and lines."""

    files: Files
    options: Settings
    celery: CeleryRelease
    symbols: Symbols
    evaluator: Evaluator
    roots: Roots
    apps: tuple[App, ...]
    tasks: tuple[Task, ...]
    workers: tuple[Worker, ...]
    commands: tuple[CeleryCommand, ...]
    schedule: tuple[ScheduleEntry, ...]
    route_tables: Mapping[App, RouteTable]
    queues: tuple[Queue, ...]
    reach: Reach
    reached: Mapping[FunctionRef, Reached]
    tasks_open: str | None
    queues_open: str | None

    # what rules iterate

    def subjects(self, kind: type[object]) -> Iterable[object]:
        """Everything of the given kind: what a rule whose first parameter has that type is asked about."""
        # Asked late: what no rule iterates is not worked out.
        found: dict[type[object], Callable[[], Iterable[object]]] = {
            App: lambda: self.apps,
            Task: lambda: self.tasks,
            Worker: lambda: self.workers,
            CeleryCommand: lambda: self.commands,
            ScheduleEntry: lambda: self.schedule,
            Route: lambda: (route for found in self.route_tables.values() for route in found.routes),
            Queue: lambda: self.queues,
            TaskCall: lambda: self.calls,
            WrittenSetting: lambda: self.written_settings,
            Reached: self.reached.values,
            Unreadable: lambda: self.unreadable,
            Project: lambda: (self,),
        }
        return found[kind]() if kind in found else ()

    @cached_property
    def written_settings(self) -> tuple[WrittenSetting, ...]:
        """All settings of all applications as they are written, each once."""
        return merged([(app, setting) for app in self.apps for setting in app.settings.written])

    # files

    def source(self, path: str) -> Source:
        """A file as people count it."""
        return self.files.source(path)

    def index(self, path: str) -> FileIndex:
        """The facts of a Python file."""
        return self.files.python(path)

    def line(self, location: Location) -> int:
        """The line of a location, for messages."""
        return self.source(location.path).position(location.span.start).line

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """The files that had to be read and could not. Templates of Python files are no Python."""
        found = self.files.unreadable.items()
        return tuple(
            Unreadable(path, error.message, error.span)
            for path, error in sorted(found)
            if not (path.endswith(".py") and _MARKUP.search(self.files.data(path)))
        )

    @cached_property
    def statistics(self) -> Statistics:
        """What this run has looked at."""
        return Statistics(
            files=len(self.files.python_paths) + self.files.deploy_count,
            celery_files=len(self.files.celery_paths | {task.location.path for task in self.tasks}),
            apps=len(self.apps),
            tasks=len(self.tasks),
            queues=len({queue.name for queue in self.queues}),
            workers=len(self.workers),
        )

    @property
    def beats(self) -> tuple[CeleryCommand, ...]:
        """The commands that start beat, alone or inside a worker."""
        return tuple(command for command in self.commands if command.invocation.is_beat)

    @cached_property
    def registration(self) -> Registration:
        """Which modules the workers import."""
        return Registration(self.files, self.evaluator, self.commands, self.roots)

    @cached_property
    def forking(self) -> Forking:
        """What runs before the workers fork."""
        return Forking(self)

    @cached_property
    def targets(self) -> Targets:
        """What the words after `-A` lead to."""
        return Targets(self.files, self.symbols)

    @cached_property
    def transports(self) -> Transports:
        """Over what applications send messages, and where they keep results."""
        return Transports(self)

    @cached_property
    def twins(self) -> Twins:
        """What other linters of the project report themselves."""
        return Twins(self.files)

    # worker code

    @cached_property
    def handlers(self) -> Handlers:
        """What handles an exception."""
        return Handlers(self.evaluator)

    @cached_property
    def task_holders(self) -> tuple[Held, ...]:
        """The functions that know the task that is running."""
        return tuple(find_task_holders(self))

    @cached_property
    def retry_calls(self) -> tuple[RetryCall, ...]:
        """The calls that retry the task that is running."""
        return tuple(find_retry_calls(self))

    @cached_property
    def loops(self) -> Loops:
        """How functions use event loops."""
        return Loops(self.symbols, frozenset(self.options.async_bridges))

    @cached_property
    def sessions(self) -> Sessions:
        """Tells which calls open a database session."""
        return Sessions(self.symbols, self.evaluator, frozenset(self.options.session_factories))

    @cached_property
    def network(self) -> Network:
        """The calls that go to the network or start a process."""
        return Network(self.files, self.evaluator)

    @cached_property
    def engines(self) -> tuple[Engine, ...]:
        """The pooled asynchronous engines of the project."""
        return tuple(Engines(self.files, self.evaluator).find())

    @cached_property
    def engine_uses(self) -> tuple[tuple[Engine, tuple[Task, ...]], ...]:
        """Each pooled engine that outlives a run, with the tasks that use it from coroutines."""
        return tuple(used_by(self))

    @cached_property
    def client_uses(self) -> tuple[tuple[Client, tuple[Task, ...]], ...]:
        """Each asynchronous client that outlives a run, with the tasks that use it from coroutines."""
        return tuple(used_clients(self))

    @cached_property
    def _callers(self) -> Callers:
        return Callers(self.reach, self.reached, self.tasks)

    @cached_property
    def task_functions(self) -> frozenset[FunctionRef]:
        """The functions that are tasks."""
        return frozenset(task.function for task in self.tasks if task.function is not None)

    @cached_property
    def all_sent_names(self) -> frozenset[str]:
        """The task names that are sent as strings."""
        return frozenset(name for name, _, _ in sent(self.files, self.evaluator))

    @cached_property
    def sent_names(self) -> frozenset[str]:
        """The task names that are sent as strings and that no task of the project has: tasks of other services."""
        return self.all_sent_names - {name for task in self.tasks for name in task.names}

    @cached_property
    def provenance(self) -> Provenance:
        """Tells which values are rows of a database."""
        return Provenance(self.evaluator, self.task_functions)

    @cached_property
    def task_calls(self) -> TaskCalls:
        """Tells which task an expression stands for."""
        return TaskCalls(self.files, self.evaluator, self.tasks)

    @cached_property
    def calls(self) -> tuple[TaskCall, ...]:
        """The places that send, sign or run a task."""
        return tuple(self.task_calls.find())

    @cached_property
    def _calls_by_task(self) -> Mapping[Task, tuple[TaskCall, ...]]:
        found: dict[Task, list[TaskCall]] = defaultdict(list)
        for call in self.calls:
            found[call.task].append(call)
        return {task: tuple(calls) for task, calls in found.items()}

    def calls_of(self, task: Task) -> tuple[TaskCall, ...]:
        """The places that send, sign or run TASK."""
        return self._calls_by_task.get(task, ())

    @cached_property
    def parts(self) -> Parts:
        """Tells what expressions are as parts of a canvas."""
        return Parts(self.task_calls, self.calls)

    @cached_property
    def results(self) -> Results:
        """Where results of tasks come from, and what waits for them."""
        return Results(self.task_calls, self.parts)

    @cached_property
    def crontabs(self) -> tuple[Crontab, ...]:
        """The `crontab(…)`s that are written down."""
        return tuple(find_crontabs(self))

    @cached_property
    def canvases(self) -> Canvases:
        """The chains, groups and chords."""
        return Canvases(self.parts)

    # packages

    def owns_package(self, name: str) -> bool:
        """Whether a top-level module or package of that name is part of the project."""
        return bool(self.symbols.modules.tops(name))

    def requires(self, name: str) -> bool:
        """Whether the project's requirements name a package, in the spelling of its import or with dashes."""
        spelt = re.escape(name).replace("_", "[-_.]")
        pattern = re.compile(rf"(?<![\w.-]){spelt}(?!\w)".encode(), re.IGNORECASE)
        return any(self.files.mentions(path, pattern) for path in self.files.paths if _is_requirements(path))

    def overrides_call(self, base: ClassRef | External | None) -> bool:
        """Whether a base class may call its tasks in a way of its own: it does, or nothing is known of it."""
        if base is None:
            return False
        if isinstance(base, External):
            return base.name not in TASK_CLASSES
        unknown = any(
            isinstance(item, External) and item.name not in TASK_CLASSES and item.name != "builtins.object"
            for item in self.symbols.lineage(base)
        )
        return unknown or calls_otherwise(base, self.symbols)

    def is_called_by_celery(self, task: Task) -> bool:
        """Whether Celery calls the function of TASK as it is written, and does with its value what it always does."""
        if task.decorators_below or task.custom_decorator or task.options_open or task.base_is_unknown:
            return False
        bases = (task.base, *(app.task_class for app in self.apps_of(task)))
        return self.native_async is None and not any(self.overrides_call(base) for base in bases)

    def direct_callers(self, function: FunctionRef) -> frozenset[FunctionRef]:
        """The functions of worker code that call FUNCTION."""
        return self._callers.direct(function)

    def callers_of(self, function: FunctionRef) -> frozenset[FunctionRef]:
        """The functions of worker code that reach FUNCTION, itself included."""
        return self._callers.of(function)

    def tasks_reaching(self, function: FunctionRef) -> tuple[Task, ...]:
        """The tasks that run FUNCTION, in the order of the project."""
        return self._callers.tasks(function)

    @cached_property
    def native_async(self) -> str | None:
        """What makes `async def` tasks work here: a pool or a tracer from outside Celery; None without one."""
        pattern = re.compile(
            rb"celery_aio_pool|celery_pool_asyncio|aio_celery|celery-aio-pool|CELERY_CUSTOM_WORKER_POOL"
        )
        return written_in(self.files, pattern)

    # three-valued questions

    @cached_property
    def _unseen(self) -> Unseen:
        return Unseen(self.files, self.evaluator)

    def may_set(self, app: App, *names: str) -> bool:
        """Whether APP may have one of these settings (new-style names): false only when it surely has none."""
        return self._unseen.may_set(app, *names)

    def mentions(self, words: str) -> bool:
        """Whether any file that is no test and no prose holds WORDS (a pattern), in any case and with any prefix."""
        return mentions(words, self.files)

    def is_external_queue(self, name: str) -> bool:
        """Whether the project says that workers elsewhere consume a queue."""
        return any(fnmatch.fnmatch(name, known) for known in self.options.external_queues)

    # where tasks run

    @cached_property
    def placement(self) -> Placement:
        """Tells the queues, workers and pools of tasks."""
        return Placement(self.apps, self.workers, self.route_tables, self.evaluator, self.may_set)

    def default_queue(self, app: App) -> str | None:
        """The queue of the tasks that nothing routes; None when it cannot be known."""
        return self.placement.default_queue(app)

    def declared_queues(self, app: App) -> tuple[str, ...] | Unknown | None:
        """The names in `task_queues`: None when it is not set, Unknown when they cannot all be seen."""
        return self.placement.declared_queues(app)

    def workers_of(self, app: App) -> tuple[Worker, ...]:
        """The workers that serve APP, or may serve it."""
        return self.placement.workers_of(app)

    def consumes(self, worker: Worker, queue: str) -> bool | None:
        """Whether WORKER consumes QUEUE; None when that cannot be told."""
        return self.placement.consumes(worker, queue)

    def queues_of(self, task: Task, app: App) -> tuple[str, ...] | None:
        """The queues that TASK goes to by its own option, a route, or default; None when that cannot be told."""
        return self.placement.queues_of(task, app)

    def apps_of(self, task: Task) -> tuple[App, ...]:
        """The applications TASK belongs to: its own, or any for a shared task."""
        return apps_of(task)

    def workers_for(self, task: Task) -> tuple[Worker, ...] | None:
        """The workers that run TASK; None when that cannot be told."""
        return self.placement.workers_for(task)

    def may_run(self, worker: Worker, task: Task) -> bool:
        """Whether nothing rules out that WORKER runs TASK."""
        return self.placement.may_run(worker, task)

    def pools_of(self, task: Task) -> frozenset[str] | None:
        """The pools that TASK runs in; None when a worker, its queues or its pool cannot be told."""
        return self.placement.pools_of(task)
