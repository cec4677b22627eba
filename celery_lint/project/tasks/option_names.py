"""What the name of a task option means: an option, a slip for one, something that belongs elsewhere, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Literal

from msgspec import Struct

from celery_lint.celery_versions import LATEST, plugins, table
from celery_lint.facts.model import Name
from celery_lint.project.code.nearest import misspelt
from celery_lint.project.code.symbols import ClassRef, External, FunctionRef
from celery_lint.project.model import Option, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.declaring import TASK_CLASSES
from celery_lint.project.tasks.options import is_own

# What people write who know other queues, or Celery's settings.
_ALIASES = {
    "ignore_results": "ignore_result", "max_retry": "max_retries", "retries": "max_retries", "retry": "max_retries",
    "autoretry": "autoretry_for", "retry_for": "autoretry_for", "retry_on": "autoretry_for",
    "timeout": "time_limit", "hard_time_limit": "time_limit", "soft_timeout": "soft_time_limit",
    "retry_delay": "default_retry_delay", "countdown_retry": "default_retry_delay",
    "backoff": "retry_backoff", "exponential_backoff": "retry_backoff", "backoff_max": "retry_backoff_max",
    "retry_backoff_jitter": "retry_jitter", "jitter": "retry_jitter", "late_ack": "acks_late",
    "queue_name": "queue", "task_name": "name",
}  # fmt: skip
# Keys of the `retry_policy` of a call: how often, and when, sending is tried again.
_POLICY = frozenset({"interval_start", "interval_step", "interval_max"})
_KNOWN_BASES = TASK_CLASSES | {"builtins.object", "abc.ABC", "typing.Generic", "celery.contrib.django.task.DjangoTask"}


class Meaning(Struct, frozen=True):
    """What an option that Celery does not take was meant to be.

    KIND: `slip` (of the option MEANT), `call` (an option of `apply_async`), `policy` (a key of its `retry_policy`),
    `newer` (Celery has it since SINCE), or `unknown`.
    """

    kind: Literal["slip", "call", "policy", "newer", "unknown"]
    meant: str = ""
    since: str = ""


def unknown_options(task: Task, project: Project) -> Iterator[tuple[Option, Meaning]]:
    """The options that are written where TASK is declared and that no task has, with what they were meant to be."""
    if task.cls is not None:
        return
    for option in task.options.values():
        meaning = meaning_of(option.name, task, project) if is_own(task, option.name) else None
        if meaning is not None:
            yield option, meaning


def meaning_of(name: str, task: Task, project: Project) -> Meaning | None:
    """What the option NAME, written where TASK is declared, was meant to be; None when it is, or may be, one."""
    known = project.celery.table
    if name in known.task_options or name in known.removed_task_options or name in _of_plugins():
        return None
    if name in _of_bases(task, project) or _is_consumed(name, task, project):
        return None
    if name in table(LATEST).task_options:
        return Meaning("newer", name, _since(name)) if project.celery.is_known else None
    alias = _ALIASES.get(name) or _of_setting(name, project) or misspelt(name, known.task_options - {"filter", "lazy"})
    if alias is not None and alias in known.task_options:
        return Meaning("slip", alias)
    if name in _POLICY:
        return Meaning("policy", name)
    if name in known.call_options:
        return Meaning("call", name)
    return None if _may_be_read(name, task, project) else Meaning("unknown")


@cache
def _of_plugins() -> frozenset[str]:
    return frozenset().union(*(plugin.task_options for plugin in plugins()))


def _since(name: str) -> str:
    from celery_lint.celery_versions import RELEASES

    return next(release for release in RELEASES if name in table(release).task_options)


def _of_setting(name: str, project: Project) -> str | None:
    """`task_time_limit` is the setting for all tasks; `time_limit` the option of one."""
    bare = name.removeprefix("task_")
    return bare if bare != name and name in project.celery.table.settings else None


def _bases(task: Task, project: Project) -> tuple[ClassRef | External, ...]:
    bases = (task.base, task.cls, *(app.task_class for app in project.apps_of(task)))
    found: list[ClassRef | External] = []
    for base in bases:
        found.extend(project.symbols.lineage(base) if isinstance(base, ClassRef) else (base,) if base else ())
    return tuple(dict.fromkeys(found))


def _of_bases(task: Task, project: Project) -> frozenset[str]:
    """The names that base classes of the project define, or read of themselves."""
    names: set[str] = set()
    for base in _bases(task, project):
        if not isinstance(base, ClassRef):
            continue
        index = project.index(base.path)
        names.update((each.target or "").rpartition(".")[2].lstrip("%@") for each in index.assigned_in(base.block))
        for function in index.facts.functions:
            if function.outer == base.block:
                names.add(function.name)
                values = (value for value in index.values(function) if isinstance(value, Name))
                names.update(part for value in values for part in value.ref.split("."))
    return frozenset(names)


def _is_consumed(name: str, task: Task, project: Project) -> bool:
    """Whether the project's own decorator takes NAME for itself: it has such a parameter, or speaks of it."""
    decorator = task.decorator
    if decorator is None:
        return False
    callee = getattr(decorator.value, "callee", decorator.value)
    ref = project.symbols.function(decorator.path, decorator.block, callee)
    return ref is not None and _speaks_of(name, ref, project)


def _speaks_of(name: str, ref: FunctionRef, project: Project) -> bool:
    fact = project.symbols.fact(ref)
    if any(parameter.name == name for parameter in fact.parameters):
        return True
    body = project.files.data(ref.path)[fact.span.start : fact.span.end]
    return re.search(rb"[\"']" + re.escape(name.encode()) + rb"[\"']", body) is not None


def _may_be_read(name: str, task: Task, project: Project) -> bool:
    """Whether something may read the attribute NAME of tasks: a base of another package, a signal's handler, …"""
    if task.base_is_unknown or task.custom_decorator or not task.apps:
        return True
    if any(isinstance(base, External) and base.name not in _KNOWN_BASES for base in _bases(task, project)):
        return True
    word = re.escape(name.encode())
    pattern = re.compile(rb"\.\s*" + word + rb"\b|[\"']" + word + rb"[\"']")
    return project.files.is_mentioned(pattern)
