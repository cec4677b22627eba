"""LINK: what a worker has done by the time it forks its pool: the modules it imports, and the functions they call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from celery_lint.facts.model import Call
from celery_lint.finding import Location
from celery_lint.project.code.files import is_aside
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.refs import FunctionRef
from celery_lint.project.code.values import Known
from celery_lint.project.model import App, Worker

if TYPE_CHECKING:
    from celery_lint.project.project import Project

# What Celery tells a worker before or right after it forks.
_SIGNALS = ("worker_process_init", "worker_init", "celeryd_init", "worker_before_create_process")
_AFTER_FORK = Pattern(rb"\b(?:register_at_fork|register_after_fork)\b")
# Blocks whose code may not run.
_PERHAPS = frozenset({"if", "else", "case", "except", "while", "lambda", "function"})
_DEPTH = 5
_FEW = 8


class Step(Struct, frozen=True):
    """One call on the way from a module's import to what it does."""

    path: str
    call: Call

    @property
    def location(self) -> Location:
        """Where the call is."""
        return Location(self.path, self.call.span)


class Forking:
    """Answers what runs before the workers of a project fork."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.apps: tuple[App, ...] = tuple(app for app in project.apps if self._forks(app))

    def _forks(self, app: App) -> bool:
        """Whether workers of APP run several processes as copies of one, or nothing says that they do not."""
        method = app.settings.get("worker_pool_start_method")
        if method is not None and self.project.evaluator.scalar(method.value) != Known("fork"):
            return False
        if method is None and self.project.may_set(app, "worker_pool_start_method"):
            return False
        workers = [worker for worker in self.project.workers_of(app) if not is_aside(worker.location.path)]
        if not workers:
            pool = app.settings.get("worker_pool")
            return pool is None or self.project.evaluator.scalar(pool.value) == Known("prefork")
        return any(self._worker_forks(worker, app) for worker in workers)

    def _worker_forks(self, worker: Worker, app: App) -> bool:
        if isinstance(worker.pool, Known) and worker.pool.value != "prefork":
            return False
        setting = app.settings.get("worker_concurrency") if worker.concurrency is None else None
        one = setting is not None and self.project.evaluator.scalar(setting.value) == Known(1)
        return worker.concurrency != 1 and not one

    def loads(self, path: str) -> App | None:
        """An application whose worker has surely imported PATH when it forks."""
        imports = self.project.registration.imports_at_once
        return next((app for app in self.apps if not is_aside(path) and imports(app, path)), None)

    def loaded_of(self, paths: Iterable[str]) -> list[str]:
        """Those of PATHS that a worker has surely imported when it forks, by its application."""
        loaded = [(path, app) for path in sorted(paths) if (app := self.loads(path)) is not None]
        return [path for app in self.apps for path, loading in loaded if loading is app]

    def way(self, path: str, call: Call) -> tuple[Step, ...] | None:
        """The calls that lead from the import of a module to CALL, itself at the end; None when it may not run."""
        return self._way(path, call, frozenset()) if self.apps else None

    def _way(self, path: str, call: Call, seen: frozenset[FunctionRef]) -> tuple[Step, ...] | None:
        index = self.project.index(path)
        if not _is_certain(index, call):
            return None
        step = Step(path, call)
        function = index.function_at(call.block)
        if function is None:
            return (step,) if self.loads(path) is not None else None
        ref = FunctionRef(path, function.block)
        if function.is_async or function.is_generator or ref in seen or len(seen) > _DEPTH:
            return None
        for other, caller in self._callers(index, ref):
            way = self._way(other, caller, seen | {ref})
            if way is not None:
                return (*way, step)
        return None

    def _callers(self, index: FileIndex, ref: FunctionRef) -> Iterator[tuple[str, Call]]:
        function = index.functions_by_block[ref.block]
        owner = index.class_of(function)
        name = owner.name if owner is not None and function.name == "__init__" else function.name
        paths = self.project.files.holding(name)
        # What workers load tells last, and takes longest to find out; but reading many files takes longer.
        for path in paths if len(paths) <= _FEW else self.loaded_of(paths):
            for call in self.project.index(path).calls_named(name):
                if call.use == "decorator":
                    continue
                if self.project.symbols.function(path, call.block, call.callee) == ref:
                    yield path, call

    @cached_property
    def handlers(self) -> tuple[FunctionRef, ...]:
        """What the handlers of the signals around the fork run."""
        labels = {f"the {signal} signal" for signal in _SIGNALS}
        roots = [
            each.function for each in self.project.reached.values() if not each.steps and each.root_label in labels
        ]
        return tuple(dict.fromkeys(found for root in roots for found in self.project.reach.explored_from(root)))

    @cached_property
    def has_hooks(self) -> bool:
        """Whether something asks Python itself to be called after a fork."""
        return self.project.files.is_mentioned(_AFTER_FORK)


def _is_certain(index: FileIndex, call: Call) -> bool:
    """Whether CALL surely runs when the function around it (or, without one, the module) does."""
    function = index.function_at(call.block)
    for number in index.up(call.block):
        if function is not None and number == function.block:
            break
        if index.block(number).kind in _PERHAPS:
            return False
    early = index.returns(function) if function is not None else []
    return not any(item.span.start < call.span.start and item.span.end < call.span.end for item in early)
