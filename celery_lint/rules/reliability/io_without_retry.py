"""CEL516: calls of other systems that are tried once, where the project wants them to be tried again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.model import Call, Name, Value
from celery_lint.finding import Finding, Related
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.model import Reached, Task
from celery_lint.project.network.outgoing import Outgoing
from celery_lint.project.project import Project
from celery_lint.rule import INFO, MEDIUM, rule

_LIBRARIES = Pattern(rb"\btenacity\b|\bstamina\b|\bbackoff\b|\bretrying\b|\bRetry\(|HTTPAdapter\(|\bretries\s*=")
_RETRIES = re.compile(r"retry|retries|backoff|tenacity|stamina", re.IGNORECASE)


@rule("CEL516", "io-without-retry", since="0.1", severity=INFO, confidence=MEDIUM, preset="policy")
def check(task: Task, project: Project) -> Iterator[Finding]:
    """A task calls another system and never retries, and `require-retry` is set."""
    if not project.options.require_retry or task.function is None or _may_retry(task, project):
        return
    functions = [reached for reached in project.reached.values() if reached.task is task]
    calls = [call for reached in functions for call in project.network.of(reached.function) if call.kind != "process"]
    if not calls or any(_retries(reached, project) for reached in functions):
        return
    first: Outgoing = calls[0]
    yield check.finding(
        f"`{first.name}` in task `{task.name}` is tried once: when the other side is away for a moment, the task has "
        "failed for good; give the task `autoretry_for` with a backoff",
        first.location,
        task.entity,
        related=(Related(task.location, "the task"), *(Related(call.location, "and here") for call in calls[1:3])),
    )


def _may_retry(task: Task, project: Project) -> bool:
    """Whether its options, its decorators or its base class retry, or cannot all be seen."""
    if task.options_open or task.base_is_unknown or task.custom_decorator or task.option("autoretry_for") is not None:
        return True
    if any(_RETRIES.search(_name(each.value)) for each in task.decorators_below):
        return True
    bases = (task.base, *(app.task_class for app in project.apps_of(task)))
    return any(base is not None and project.overrides_call(base) for base in bases)


def _retries(reached: Reached, project: Project) -> bool:
    """Whether a function retries by itself, or its file has a library or a client that does."""
    path = reached.function.path
    index, fact = project.index(path), project.symbols.fact(reached.function)
    if project.files.mentions(path, _LIBRARIES) or any(_RETRIES.search(_name(each)) for each in fact.decorators):
        return True
    return any(last_name(call.callee) in ("retry", "apply_async") and _is_retry(call) for call in index.calls(fact))


def _is_retry(call: Call) -> bool:
    """`self.retry(…)`, and `self.apply_async(…)`, which sends the same task again."""
    owner = call.callee.ref.rpartition(".")[0] if isinstance(call.callee, Name) else ""
    return last_name(call.callee) == "retry" or owner in ("%self", "%task")


def _name(value: Value) -> str:
    callee = value.callee if isinstance(value, Call) else value
    return callee.ref if isinstance(callee, Name) else ""
