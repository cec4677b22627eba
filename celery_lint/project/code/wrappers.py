"""What a decorator makes of the thing it decorates: it hands it back, or puts something of its own in its place."""

from __future__ import annotations

from msgspec import Struct

from celery_lint.facts.model import Call, Function, Name, Value
from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.code.values import Placed
from celery_lint.project.project import Project

# Decorators of other packages that return a function of their own; with `functools.wraps`.
_REPLACING = frozenset({
    "functools.cache", "functools.lru_cache", "functools.singledispatch", "contextlib.contextmanager",
    "asgiref.sync.async_to_sync", "asgiref.sync.sync_to_async", "django.db.transaction.atomic",
    "django.db.transaction.non_atomic_requests", "django.test.override_settings", "tenacity.retry",
    "backoff.on_exception", "backoff.on_predicate", "retry.retry", "retrying.retry", "timeout_decorator.timeout",
    "sentry_sdk.monitor", "sentry_sdk.trace", "sentry_sdk.crons.monitor", "newrelic.agent.background_task",
    "newrelic.agent.function_trace", "pydantic.validate_call", "pydantic.validate_arguments", "beartype.beartype",
    "typeguard.typechecked", "ratelimit.limits", "ratelimit.sleep_and_retry", "elasticapm.capture_span",
    "freezegun.freeze_time", "unittest.mock.patch", "mock.patch",
    "logfire.instrument", "structlog.contextvars.bound_contextvars", "deprecated.deprecated", "wrapt.decorator",
    "memory_profiler.profile", "line_profiler.profile", "cachetools.cached",
})  # fmt: skip


class Replacing(Struct, frozen=True):
    """A decorator that puts something in the place of what it decorates. WRAPS: it keeps its name (or may)."""

    name: str
    wraps: bool
    ref: FunctionRef | None = None


def replacing(placed: Placed, project: Project) -> Replacing | None:
    """What the decorator PLACED is called when it surely puts something of its own in place; None when it hands back
    what it is given, or when that cannot be told."""
    value = placed.value
    callee = value.callee if isinstance(value, Call) else value
    name = project.symbols.external(placed.path, callee)
    if name is not None:
        return Replacing(name, True) if name in _REPLACING else None
    ref = project.symbols.function(placed.path, placed.block, callee)
    if ref is None or not isinstance(callee, Name):
        return None
    return _of_function(ref, project, is_factory=isinstance(value, Call))


def _of_function(ref: FunctionRef, project: Project, *, is_factory: bool) -> Replacing | None:
    """What a decorator of the project does: all it returns are functions of its own."""
    fact = project.symbols.fact(ref)
    inner = _returned_functions(fact, ref, project)
    if not inner:
        return None
    if is_factory:
        made = _of_function(inner[0], project, is_factory=False) if len(inner) == 1 else None
        return Replacing(fact.name, made.wraps, ref) if made is not None else None
    wraps = all(_wraps(project.symbols.fact(each), ref.path, project) for each in inner)
    return Replacing(fact.name, wraps, ref)


def _returned_functions(fact: Function, ref: FunctionRef, project: Project) -> list[FunctionRef] | None:
    """The functions of its own that FACT returns; None when it may return something else."""
    found: list[FunctionRef] = []
    for item in project.index(ref.path).returns(fact):
        if not isinstance(item.value, Name) or not item.value.ref.startswith("%"):
            return None
        local = project.symbols.local_function(ref.path, item.block, item.value.ref)
        if local is None or project.symbols.assigned(ref.path, item.block, item.value.ref):
            return None
        found.append(local)
    return found


def _wraps(function: Function, path: str, project: Project) -> bool:
    """Whether `functools.wraps` (or what may be its like) is applied."""
    return any(_may_wrap(path, decorator, project) for decorator in function.decorators)


def _may_wrap(path: str, decorator: Value, project: Project) -> bool:
    callee = decorator.callee if isinstance(decorator, Call) else decorator
    name = project.symbols.external(path, callee)
    return name is None or name.rpartition(".")[2] in ("wraps", "decorator")
