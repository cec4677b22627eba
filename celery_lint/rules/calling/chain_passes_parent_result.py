"""CEL614: signatures that have no room for the result they are given."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related, Span
from celery_lint.project.calls.arguments import checks_arguments, parameters
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Remedy, Replacement
from celery_lint.rule import ERROR, HIGH, rule


@rule("CEL614", "chain-passes-parent-result", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """A task in a chain, behind a chord or linked to another has no room for the result that it is given."""
    for given in project.canvases.given:
        signed, call = given.signed, given.signed.call
        takes = parameters(call.task, project) if checks_arguments(call.task, project) else None
        if takes is None or given.source is None or signed.immutable is not False or call.args is None:
            continue
        alone = takes.excess(len(call.args), call.kwargs)
        problem = takes.excess(len(call.args) + given.results, call.kwargs)
        if alone is not None or problem is None:
            continue
        is_whole = not call.kwargs_open and takes.lack(len(call.args), call.kwargs) is None
        remedy = _remedy(call, project) if is_whole else None
        yield check.finding(
            f"`{call.task.name}` gets the result of what runs before it as its first argument, so it is called "
            f"{problem}: it fails with a TypeError in the worker"
            + ("; `.si(…)` takes no result" if is_whole and call.method == "s" else ""),
            call.location,
            call.task.entity,
            related=(Related(given.source, "gives its result"), Related(call.task.location, "the task")),
            remedy=remedy,
            withheld=_withheld(is_whole) if remedy is None else None,
        )


def _remedy(call: TaskCall, project: Project) -> Remedy | None:
    """`.s(` becomes `.si(`."""
    if call.method != "s":
        return None
    dot = call.call.callee.span.end - 1
    return EditCode(call.path, "Ignore the result", (Replacement(Span(dot, dot + 1), "s", "si"),))


def _withheld(is_whole: bool) -> str:
    return "say `immutable=True` by hand" if is_whole else "without the result an argument would be missing"
