"""Which findings concern a task, and which line of its checklist each belongs to."""

from __future__ import annotations

from collections.abc import Iterable

from celery_lint.finding import Finding, Location
from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.project import Project
from celery_lint.project.tasks.pools import likely_pools
from celery_lint.views.review.model import Kind
from celery_lint.views.review.rules import ROW_OF
from celery_lint.views.review.subject import Subject

_FORKING = frozenset({"prefork", "processes"})


def line_of(finding: Finding, subject: Subject, places: Iterable[Location] = ()) -> Kind | None:
    """The line that FINDING belongs to in the checklist of SUBJECT, None when it does not concern it. PLACES are those
    from which that line was written."""
    kind = ROW_OF.get(finding.code)
    if kind is None or finding.location.path not in subject.project.files.known:
        return None
    if finding.entity == subject.task.entity:
        return kind
    if _is_within(finding.location, subject.own_span):
        return "sends" if kind == "callers" else kind
    if kind == "runs on":
        return kind if _is_on_the_way(finding, subject) else None
    if _is_in_code(finding, subject):
        return "sends" if kind == "callers" else kind
    if kind in ("callers", "sends") or not _applies(finding, subject):
        return None
    named = any(related.location == subject.task.location for related in finding.related)
    here = (finding.location, *(related.location for related in finding.related))
    scheduled = any(finding.entity == f"schedule:{entry.key or entry.task}" for entry in subject.schedule)
    written = any(_overlap(place, other) for place in places for other in here)
    return kind if named or scheduled or written else None


def _applies(finding: Finding, subject: Subject) -> bool:
    """Whether what FINDING says of a setting holds where SUBJECT runs."""
    return finding.code != "CEL510" or bool(likely_pools(subject.task, subject.project) & _FORKING)


def function_at(location: Location, project: Project) -> FunctionRef | None:
    """The innermost function of PROJECT around LOCATION."""
    if not location.path.endswith(".py"):
        return None
    index = project.index(location.path)
    if not index.facts.blocks:
        return None
    around = index.function_at(index.block_at(location.span.start))
    return FunctionRef(location.path, around.block) if around is not None else None


def _is_on_the_way(finding: Finding, subject: Subject) -> bool:
    """Whether a finding about a queue or a worker is about one that SUBJECT surely runs through."""
    queues = [subject.queue(edge.target) for edge in subject.edges if edge.certain]
    if finding.entity in {f"queue:{queue.name}" for queue in queues}:
        return True
    ends = {edge.target for queue in queues for edge in subject.picture.out_of(queue.id) if edge.certain}
    here = subject.place(finding.location)
    return any(subject.workers[end].place == here for end in ends)


def _is_in_code(finding: Finding, subject: Subject) -> bool:
    function = function_at(finding.location, subject.project)
    return function is not None and function in subject.code_set


def _is_within(inner: Location, outer: Location) -> bool:
    return inner.path == outer.path and outer.span.contains(inner.span)


def _overlap(one: Location, other: Location) -> bool:
    return one.path == other.path and one.span.start < other.span.end and other.span.start < one.span.end
