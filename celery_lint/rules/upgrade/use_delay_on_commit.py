"""CEL903: what `delay_on_commit` says shorter."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from celery_lint.facts.model import Argument, Call, Lambda, Literal, Name
from celery_lint.finding import Applicability, Finding, Location, Span
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.layout import call_text, indent_at
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import External
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import HIGH, INFO, rule

_ON_COMMIT = Pattern(rb"\bon_commit\s*\(")
_METHODS = frozenset({"delay", "apply_async"})
_DJANGO_TASK = "celery.contrib.django.task.DjangoTask"


class _Sending(Struct, frozen=True):
    """What is handed to `on_commit`: CALLEE with ARGUMENTS sends TASK by METHOD, NOW says whether they are worked out
    at once, as `delay_on_commit` does."""

    task: Task
    method: str
    callee: str
    arguments: tuple[Argument, ...]
    now: bool


@rule(
    "CEL903", "use-delay-on-commit", since="0.1", severity=INFO, confidence=HIGH, fix="safe / unsafe", preset="strict"
)
def check(project: Project) -> Iterator[Finding]:
    """`transaction.on_commit(lambda: task.delay(…))` is what `task.delay_on_commit(…)` does."""
    if not project.celery.at_least("5.4"):
        return
    for path in project.files.mentioning(_ON_COMMIT):
        for call in project.index(path).facts.calls:
            sending = _sending(path, call, project)
            if sending is not None and _is_django(sending.task, project):
                yield _finding(path, call, sending, project)


def _finding(path: str, call: Call, sending: _Sending, project: Project) -> Finding:
    new = f"{sending.method}_on_commit"
    data, start = project.files.data(path), call.span.start
    old = _text(path, call.span, project)
    given = [(_text(path, each.span, project), indent_at(data, each.span.start)) for each in sending.arguments]
    text = call_text(f"{sending.callee}_on_commit", given, data, start)
    applicability = Applicability.SAFE if sending.now else Applicability.UNSAFE
    edit = EditCode(path, f"Write `.{new}()`", (Replacement(call.span, old, text),), applicability=applicability)
    return check.finding(
        f"`on_commit` with `{sending.task.name}.{sending.method}` is what `.{new}()` of the task does",
        Location(path, call.span),
        sending.task.entity,
        remedy=edit,
    )


def _text(path: str, span: Span, project: Project) -> str:
    return project.files.data(path)[span.start : span.end].decode("utf-8", "replace")


def _sending(path: str, call: Call, project: Project) -> _Sending | None:
    """What a call of `on_commit` sends, when it does nothing but that, on the default database."""
    if last_name(call.callee) != "on_commit" or call.use != "discarded" or len(call.arguments) != 1:
        return None
    if project.symbols.external(path, call.callee) != "django.db.transaction.on_commit":
        return None
    given = call.arguments[0]
    if given.keyword not in (None, "func") or given.star:
        return None
    value = given.value
    if isinstance(value, Lambda) and isinstance(value.body, Call):
        return _sent(path, value.body, value.body.callee, value.body.arguments, project)
    if (
        isinstance(value, Call)
        and project.symbols.external(path, value.callee) == "functools.partial"
        and value.arguments
    ):
        return _sent(path, value, value.arguments[0].value, value.arguments[1:], project, now=True)
    return _sent(path, None, value, (), project, block=call.block, now=True)


def _sent(
    path: str,
    call: Call | None,
    callee: object,
    arguments: tuple[Argument, ...],
    project: Project,
    *,
    block: int = 0,
    now: bool = False,
) -> _Sending | None:
    if not isinstance(callee, Name) or last_name(callee) not in _METHODS:
        return None
    owner, _, method = callee.ref.rpartition(".")
    task = project.task_calls.task_of(path, call.block if call is not None else block, Name(owner))
    written = _text(path, callee.span, project)
    if task is None or not written.endswith(f".{method}"):
        return None
    settled = all(_is_settled(path, call, each, project) for each in arguments)
    return _Sending(task, method, written, arguments, now or settled)


def _is_settled(path: str, call: Call | None, argument: Argument, project: Project) -> bool:
    """Whether the value is the same now and at the commit: a constant, or a variable that is set once, in no loop."""
    value = argument.value
    if isinstance(value, Literal):
        return True
    if call is None or not isinstance(value, Name) or not value.ref.startswith("%") or "." in value.ref:
        return False
    index = project.index(path)
    kinds = {index.block(block).kind for block in index.up(call.block)}
    return not kinds & {"for", "while"} and len(project.symbols.assigned(path, call.block, value.ref)) < 2


def _is_django(task: Task, project: Project) -> bool:
    """Whether TASK has `delay_on_commit`: no base class of its own, in a project of Django."""
    bases = {task.base, *(app.task_class for app in project.apps_of(task))} - {None}
    if task.base_is_unknown or task.options_open or task.cls is not None:
        return False
    return all(base == External(_DJANGO_TASK) for base in bases)
