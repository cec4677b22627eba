"""CEL607: `on_commit` that is given a call instead of a function."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.model import Call, Lambda, Name, Value
from celery_lint.finding import Applicability, Finding, Location, Related
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.messages.on_commit import partial_instead
from celery_lint.project.messages.transactions import Transactions
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, rule

_MENTIONS = Pattern(rb"\bon_commit\s*\(")
_SENDS = frozenset({"delay", "apply_async", "send_task"})


@rule(
    "CEL607", "on-commit-called-now", since="0.1", severity=ERROR, confidence=HIGH, fix="safe / unsafe",
    absorbs=("CEL606",), twins=("B023",),
)  # fmt: skip
def check(project: Project) -> Iterator[Finding]:
    """`on_commit` gets a call that was made already, or a lambda that sees the last item of a loop."""
    transactions = Transactions(project.files, project.symbols)
    for path in project.files.mentioning(_MENTIONS):
        for call in project.index(path).facts.calls:
            given = call.argument(0, "func")
            if given is None or project.symbols.external(path, call.callee) != "django.db.transaction.on_commit":
                continue
            if isinstance(given.value, Call) and last_name(given.value.callee) in _SENDS:
                yield _made_now(path, given.value, project)
            elif isinstance(given.value, Lambda):
                yield from _bound_late(path, call, given.value, transactions, project)


def _made_now(path: str, call: Call, project: Project) -> Finding:
    name = last_name(call.callee)
    return check.finding(
        f"`.{name}(…)` is called here and now: the task is sent inside the transaction, and `on_commit` gets its "
        "result, which is no function, and raises TypeError; hand over a function: `functools.partial`",
        Location(path, call.span),
        f"function:{path}:{_around(path, call.block, project)}",
        remedy=partial_instead(path, call.span, call, project, Applicability.SAFE),
    )


def _bound_late(
    path: str, call: Call, value: Lambda, transactions: Transactions, project: Project
) -> Iterator[Finding]:
    """`for order in orders: on_commit(lambda: send.delay(order.pk))` inside one transaction."""
    body, index = value.body, project.index(path)
    if not isinstance(body, Call) or last_name(body.callee) not in _SENDS or project.twins.selected("B023", path):
        return
    loop = next((number for number in index.up(call.block) if index.block(number).kind in ("for", "function")), None)
    if loop is None or index.block(loop).kind != "for" or _commits_inside(index, call.block, loop, transactions):
        return
    names = sorted(_names_of(body, value, path, project) & _bound_in(index, loop))
    if not names:
        return
    yield check.finding(
        f"the lambda reads `{names[0]}` when the transaction commits: by then the loop is over, and every call sends "
        "the task for the last one; use `functools.partial`, which takes the value now",
        Location(path, value.span),
        f"function:{path}:{_around(path, call.block, project)}",
        related=(Related(Location(path, index.block(loop).span), f"`{names[0]}` changes in this loop"),),
        remedy=partial_instead(path, value.span, body, project, Applicability.UNSAFE),
    )


def _commits_inside(index: FileIndex, block: int, loop: int, transactions: Transactions) -> bool:
    """Whether each round of the loop has a transaction of its own: then the lambda runs in its round."""
    inner = [number for number in index.up(block) if number > loop]
    opens = any(transactions.opened_by(index.path, number) is not None for number in inner)
    return opens and transactions.around(index.path, index.block(loop).parent) is None


def _names_of(body: Call, value: Lambda, path: str, project: Project) -> set[str]:
    """The locals that the arguments of BODY read, without the parameters of the lambda."""
    head = project.files.data(path)[value.span.start : body.span.start].decode("utf-8", "replace")
    own = set(re.findall(r"\w+", head.partition(":")[0]))
    values: list[Value] = [argument.value for argument in body.arguments]
    refs = (part.ref for each in values for part in within(each) if isinstance(part, Name))
    return {ref[1:].partition(".")[0] for ref in refs if ref.startswith("%")} - own


def _bound_in(index: FileIndex, loop: int) -> set[str]:
    """The locals that the loop binds anew in each round."""
    targets = [each.target for each in index.facts.loops if each.block == loop and each.span == index.block(loop).span]
    inside = (each for each in index.facts.assignments if loop in set(index.up(each.block)))
    refs = [part.ref for target in targets for part in within(target) if isinstance(part, Name)]
    refs += [each.target for each in inside if each.target is not None]
    return {ref[1:] for ref in refs if ref.startswith("%") and "." not in ref}


def _around(path: str, block: int, project: Project) -> str:
    function = project.index(path).function_at(block)
    return function.qualname if function is not None else "module"
