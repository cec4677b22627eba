"""CEL611: parts of a canvas that are no signatures."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call, Name
from celery_lint.finding import Applicability, Finding, Related, Span
from celery_lint.project.calls.arguments import parameters
from celery_lint.project.calls.canvas import Member, NoSignature
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Remedy, Replacement
from celery_lint.rule import ERROR, HIGH, rule

_WHAT = {
    "task": "the task itself and no signature",
    "sent": "the result of sending the task, and no signature: the task is sent right here",
    "called": "what calling the task here returns, and no signature",
}


@rule("CEL611", "canvas-not-a-signature", since="0.1", severity=ERROR, confidence=HIGH, fix="safe / unsafe")
def check(project: Project) -> Iterator[Finding]:
    """A chain, group, chord or link is given a task or a result instead of a signature."""
    for canvas in project.canvases.found:
        for number, member in enumerate(canvas.members):
            results = int(canvas.kind == "chain" and number > 0)
            yield from _part(member, f"this {canvas.kind}", project, results)
        if canvas.body is not None:
            yield from _part(canvas.body, "the body of this chord", project)
    for body in project.canvases.bodies:
        yield from _part(body, "the body of this chord", project)
    for member, _, name in project.canvases.linked:
        yield from _part(member, f"this `{name}`", project, is_linked=True)
    for canvas, place, method in project.canvases.restarted:
        yield check.finding(
            f"this {canvas.kind} has already been started by the call, and a result has no `.{method}()`: it raises "
            f"AttributeError after everything was sent; leave out `.{method}()`",
            place,
            f"canvas:{place.path}",
        )


def _part(
    member: Member, where: str, project: Project, results: int = 1, *, is_linked: bool = False
) -> Iterator[Finding]:
    """RESULTS: how many arguments the part gets from what runs before it."""
    wrong = member.part
    if not isinstance(wrong, NoSignature):
        return
    lack = _lack(wrong, results, project) if not is_linked else None
    remedy = _remedy(member, wrong) if lack is None else None
    raises = "EncodeError when it is sent" if is_linked else "an error as soon as it is built or started"
    yield check.finding(
        f"{where} is given `{wrong.task.name}`: {_WHAT[wrong.mistake]}; that raises {raises}. Give it `.s(…)`",
        member.location,
        wrong.task.entity,
        related=(Related(wrong.task.location, "the task"),),
        remedy=remedy,
        withheld=None if remedy is not None else lack or "what it does now may be what is wanted",
    )


def _lack(wrong: NoSignature, results: int, project: Project) -> str | None:
    """Why `.s()` would not do, when the task itself is given and RESULTS do not fill its parameters."""
    takes = parameters(wrong.task, project) if wrong.mistake == "task" else None
    missing = takes.lack(results, ()) if takes is not None else None
    return f"`.s()` {missing} would fail: what to call it with is yours to say" if missing is not None else None


def _remedy(member: Member, wrong: NoSignature) -> Remedy | None:
    """`add` becomes `add.s()`, `add.delay(1)` becomes `add.s(1)`, where they are written in the canvas itself."""
    value, path = member.placed.value, member.placed.path
    if isinstance(value, Name) and wrong.mistake == "task":
        here = Span(value.span.end, value.span.end)
        return EditCode(path, "Give it a signature", (Replacement(here, "", ".s()"),), applicability=Applicability.SAFE)
    if isinstance(value, Call) and isinstance(value.callee, Name) and value.callee.ref.endswith(".delay"):
        end = value.callee.span.end
        return EditCode(path, "Give it a signature", (Replacement(Span(end - len("delay"), end), "delay", "s"),))
    return None
