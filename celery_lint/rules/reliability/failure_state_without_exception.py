"""CEL522: a state that says "failed" and holds no exception."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call, Literal
from celery_lint.finding import Finding, Location
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.placed import Known, Placed
from celery_lint.project.code.settled import settled
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import may_keep_results
from celery_lint.project.tasks.retries import calls_on_task
from celery_lint.rule import ERROR, HIGH, rule

_ASKS = Pattern(rb"\bupdate_state\b")
# `celery.states.EXCEPTION_STATES`: what is stored with these is made an exception again by whoever reads it.
_STATES = {f"celery.states.{name}": name for name in ("FAILURE", "RETRY", "REVOKED")}
_TYPE = "exc_type"


@rule("CEL522", "failure-state-without-exception", since="0.1", severity=ERROR, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """`update_state()` to FAILURE, RETRY or REVOKED with a `meta` that is no exception."""
    if not project.files.is_mentioned(_ASKS):
        return
    for held, function, call in calls_on_task(project, "update_state"):
        state, meta = call.argument(1, "state"), call.argument(2, "meta")
        if state is None or meta is None:
            continue
        name = _state(Placed(function.path, call.block, state.value), project)
        if name is None or not may_keep_results(held.task, project):
            continue
        what = _no_exception(Placed(function.path, call.block, meta.value), project)
        if what is not None:
            yield check.finding(
                f"`update_state` stores {name} with {what}: reading that (`.state`, `.ready()`, `.get()`) raises "
                "ValueError, in the worker too, so how the task ends is never stored; raise the exception instead",
                Location(function.path, call.span),
                held.task.entity,
            )


def _state(placed: Placed, project: Project) -> str | None:
    """Which of the states with an exception PLACED is; None for another one, or what cannot be told."""
    constant = project.symbols.external(placed.path, placed.value)
    if constant in _STATES:
        return _STATES[constant]
    known = project.evaluator.scalar(placed)
    return known.value if isinstance(known, Known) and known.value in _STATES.values() else None  # type: ignore[return-value]


def _no_exception(placed: Placed, project: Project) -> str | None:
    """What the meta PLACED is, in words, when Celery can make no exception of it; None when it may."""
    held = settled(placed, project.evaluator)
    if held is None:
        return None
    if isinstance(held.value, Literal):
        return "a plain value" if held.value.value is not None else None
    if isinstance(held.value, Call) and project.symbols.external(held.path, held.value.callee) == "builtins.str":
        return "a text"
    keys = [key for key, _, _ in project.evaluator.entries(held)]
    if all(isinstance(key, Known) and key.value != _TYPE for key in keys):
        return f'a `meta` without "{_TYPE}"'
    return None
