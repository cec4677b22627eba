"""CEL606: tasks that are sent before the transaction they belong to is committed."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.calls.canvases import first_call
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.messages.on_commit import made_on_commit, on_commit_instead
from celery_lint.project.messages.requests import atomic_requests
from celery_lint.project.messages.serializers import sends_in_its_own_way
from celery_lint.project.messages.transactions import Transaction, Transactions, is_put_off
from celery_lint.project.project import Project
from celery_lint.rule import HIGH, INFO, LOW, MEDIUM, WARNING, rule

_NON_ATOMIC = Pattern(rb"non_atomic_requests")
_NOW = frozenset({"delay", "apply_async", "send_task"})


@rule("CEL606", "enqueue-in-transaction", since="0.1", severity=WARNING, confidence=MEDIUM, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """A task is sent inside a database transaction, before it commits."""
    transactions = Transactions(project.files, project.symbols)
    requests = atomic_requests(project) if project.options.preset == "strict" else None
    for call in project.calls:
        if (
            call.method not in _NOW
            or sends_in_its_own_way(call.task, project)
            or _goes_out_anyway(call.path, call.call, project)
        ):
            continue
        around = transactions.around(call.path, call.call.block)
        if around is None and call.function is not None:
            around = transactions.around_callers(call.function)
        around = around or transactions.uncommitted(call.path, call.call)
        if around is not None:
            yield _finding(call, around, project)
        elif project.options.preset == "strict":
            yield from _of_receiver(call, project)
            yield from _of_view(call, requests, project)
    for placed, start, part in project.canvases.starts if project.calls else ():
        around = transactions.around(placed.path, start.block)
        first = first_call(part)
        if around is None or first is None or _goes_out_anyway(placed.path, start, project):
            continue
        if not sends_in_its_own_way(first.task, project):
            yield _of_canvas(placed, start, first, around, project)


def _goes_out_anyway(path: str, call: Call, project: Project) -> bool:
    """Whether it is put off, or an exception follows at once: it is meant to go out although the transaction fails."""
    index = project.index(path)
    if is_put_off(index, call.block):
        return True
    return any(each.block == call.block and each.span.start > call.span.end for each in index.facts.raises)


def _finding(call: TaskCall, around: Transaction, project: Project) -> Finding:
    is_used = call.call.use != "discarded"
    why = _withheld(around) if not is_used else "its result is used here"
    waits = _waits(call, project)
    danger = "" if waits else "a worker may start it at once and see the data as it was before, and "
    return check.finding(
        f"`{call.task.name}` is sent before the transaction commits: {danger}a rollback does not take it back; "
        f"send it {_better(around)}",
        call.location,
        call.task.entity,
        related=(Related(around.location, "the transaction starts here"),),
        remedy=on_commit_instead(call, project) if why is None else None,
        withheld=why,
        severity=INFO if is_used or waits else None,
        confidence=HIGH if around.owner == "django" and not is_used else None,
    )


def _of_canvas(placed: Placed, call: Call, first: TaskCall, around: Transaction, project: Project) -> Finding:
    """`chain(…).delay()`, `add.s(1).delay()`"""
    is_used = call.use != "discarded"
    why = _withheld(around) if not is_used else "its result is used here"
    return check.finding(
        f"`{first.task.name}` is sent before the transaction commits: a worker may start it at once and see the data "
        f"as it was before, and a rollback does not take it back; send it {_better(around)}",
        Location(placed.path, call.span),
        first.task.entity,
        related=(Related(around.location, "the transaction starts here"),),
        remedy=made_on_commit(placed.path, call, project) if why is None else None,
        withheld=why,
        severity=INFO if is_used else None,
    )


def _waits(call: TaskCall, project: Project) -> bool:
    """Whether the task starts so late that it finds the data."""
    if "eta" in call.options:
        return True
    countdown = call.options.get("countdown")
    known = project.evaluator.scalar(countdown) if countdown is not None else None
    return countdown is not None and not (isinstance(known, Known) and not known.value)


def _withheld(around: Transaction) -> str | None:
    if around.owner == "sqlalchemy":
        return "SQLAlchemy sends nothing on commit: move it behind `commit()`"
    return "the transaction is one of another database: name it with `using=`" if around.elsewhere else None


def _better(around: Transaction) -> str:
    return "with `transaction.on_commit`" if around.owner == "django" else "after `commit()`"


def _of_receiver(call: TaskCall, project: Project) -> Iterator[Finding]:
    """A receiver of `post_save` runs in the transaction of whoever saves."""
    index = project.index(call.path)
    function = index.function_at(call.call.block)
    if function is None or project.provenance.views.sender(call.path, function) is None:
        return
    yield check.finding(
        f"`{call.task.name}` is sent by a signal of a model: whoever saves may do so in a transaction, which is not "
        "committed yet when a worker starts the task; send it with `transaction.on_commit`",
        call.location,
        call.task.entity,
        remedy=on_commit_instead(call, project) if call.call.use == "discarded" else None,
        confidence=LOW,
    )


def _of_view(call: TaskCall, requests: Location | None, project: Project) -> Iterator[Finding]:
    """With `ATOMIC_REQUESTS` every view is a transaction, but for those that say otherwise."""
    function = project.index(call.path).function_at(call.call.block)
    if requests is None or function is None or project.files.mentions(call.path, _NON_ATOMIC):
        return
    if function.is_async or not project.provenance.views.is_view(call.path, function):
        return
    yield check.finding(
        f"`{call.task.name}` is sent by a view, and `ATOMIC_REQUESTS` makes every view a transaction: a worker may "
        "start the task before it commits; send it with `transaction.on_commit`",
        call.location,
        call.task.entity,
        related=(Related(requests, "switched on here"),),
        remedy=on_commit_instead(call, project) if call.call.use == "discarded" else None,
        withheld="its result is used here" if call.call.use != "discarded" else None,
        confidence=LOW,
    )
