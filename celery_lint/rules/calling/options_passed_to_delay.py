"""CEL602: options of the message where the arguments of the task belong."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Argument, Name
from celery_lint.finding import Finding, Location, Related, Span
from celery_lint.project.calls.arguments import is_checked_by_caller, parameters
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import ERROR, HIGH, INFO, listed, rule

# What `apply_async` takes and people mean; of the others (`type`, `timestamp`) a wrong argument is as likely.
_OPTIONS = frozenset({
    "args", "kwargs", "countdown", "eta", "expires", "queue", "priority", "exchange", "routing_key", "serializer",
    "compression", "retry", "retry_policy", "link", "link_error", "shadow", "time_limit", "soft_time_limit",
    "ignore_result", "task_id", "delivery_mode", "headers",
})  # fmt: skip
# Those that nobody calls an argument of a task that takes any: `**kwargs` swallows them.
_NEVER_ARGUMENTS = frozenset({"countdown", "eta", "routing_key", "link_error", "time_limit", "soft_time_limit"})
_INSTEAD = {"delay": "apply_async", "delay_on_commit": "apply_async_on_commit"}


@rule(
    "CEL602", "options-passed-to-delay", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe",
    absorbs=("CEL601",),
)  # fmt: skip
def check(call: TaskCall, project: Project) -> Iterator[Finding]:
    """`.delay(…, countdown=5)` gives the option to the task's function."""
    if call.method not in ("delay", "delay_on_commit", "s", "si"):
        return
    takes = parameters(call.task, project)
    if takes is None:
        return
    options = _NEVER_ARGUMENTS if takes.takes_any_name else _OPTIONS
    given = [each for each in call.call.arguments if each.keyword in options - takes.names]
    if not given:
        return
    names = [each.keyword or "" for each in given]
    many = len(names) > 1
    if takes.takes_any_name:
        consequence = "its function gets it in `**kwargs`, and the message goes out without it"
    elif is_checked_by_caller(call.task):
        consequence = f"it raises a TypeError{'' if call.sends else ' when it is sent'}"
    else:
        consequence = "it fails with a TypeError in the worker"
    remedy = _remedy(call, given, project)
    yield check.finding(
        f"`.{call.method}()` hands {listed(names)} to `{call.task.name}` as {'arguments' if many else 'an argument'}: "
        f"{consequence}; use `{_instead(call)}`",
        Location(call.path, given[0].span),
        call.task.entity,
        related=(Related(call.task.location, "the task"),),
        remedy=remedy,
        withheld="the call is too involved to be rewritten" if remedy is None else None,
        severity=INFO if takes.takes_any_name else None,
    )


def _instead(call: TaskCall) -> str:
    return f".{_INSTEAD[call.method]}(…)" if call.method in _INSTEAD else f".{call.method}(…).set(…)"


def _remedy(call: TaskCall, given: list[Argument], project: Project) -> EditCode | None:
    """`.delay(a, b=1, eta=e)` becomes `.apply_async(args=(a,), kwargs={"b": 1}, eta=e)`."""
    callee, arguments = call.call.callee, call.call.arguments
    if call.method not in _INSTEAD or not isinstance(callee, Name) or any(each.star for each in arguments):
        return None
    data = project.files.data(call.path)

    def written(span: Span) -> str:
        return data[span.start : span.end].decode("utf-8", "replace")

    own = [each for each in arguments if each not in given]
    if any(each.keyword in ("args", "kwargs") for each in given) and own:
        return None
    positional = [written(each.span) for each in own if each.keyword is None]
    named = [f'"{each.keyword}": {written(each.value.span)}' for each in own if each.keyword is not None]
    texts = [f"args=({', '.join(positional)}{',' if len(positional) == 1 else ''})"] if positional else []
    texts += [f"kwargs={{{', '.join(named)}}}"] if named else []
    texts += [written(each.span) for each in given]
    start = callee.span.end - len(call.method)
    old = Span(start, call.call.span.end)
    new = f"{_INSTEAD[call.method]}({', '.join(texts)})"
    return EditCode(call.path, f"Use {_INSTEAD[call.method]}", (Replacement(old, written(old), new),))
