"""From two states of a project to a review."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct, field, structs

from celery_lint.finding import Finding, Location
from celery_lint.project.code.symbols import FunctionRef
from celery_lint.views.review.attribution import function_at, line_of
from celery_lint.views.review.compare import alterations, introduced, named_at
from celery_lint.views.review.model import Alteration, Gone, Kind, Note, Problem, Reason, Review, Row, TaskReview
from celery_lint.views.review.pairing import pairs
from celery_lint.views.review.rows import drafts
from celery_lint.views.review.settings import changed_settings
from celery_lint.views.review.state import State, compared
from celery_lint.views.review.subject import Draft, Subject, place_of
from celery_lint.views.review.touched import Touched, changed_functions, way_to


class Change(Struct, frozen=True):
    """What is compared with: the state THEN, called SINCE, and BEFORE: the texts of the files that changed, by path;
    None for a file that is new. MOVED: where files have gone."""

    then: State
    since: str
    before: Mapping[str, bytes | None] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)


def review_all(now: State, wanted: Collection[Subject] | None = None) -> Review:
    """The checklist of the tasks WANTED, of all without, and of nothing that happened to them."""
    chosen = [subject for subject in now.subjects if wanted is None or subject in wanted]
    fresh = frozenset(now.findings)
    tasks = tuple(_task(now, subject, fresh, (), (), is_new=False) for subject in chosen)
    beside = () if wanted is not None else tuple(_beside(now, tasks, fresh))
    return Review(None, tasks, beside=beside, others=len(now.subjects) - len(chosen))


def review(now: State, change: Change, wanted: Collection[Subject] | None = None) -> Review:
    """The checklist of the tasks that CHANGE touches, and of WANTED ones in any case; then of no others."""
    known, gone = pairs(now.subjects, change.then.subjects)
    called = {
        then.task.name: subject.task.name for subject, then in known.items() if then.task.name != subject.task.name
    }
    fresh, gone_findings = compared(now, change.then, {**called, **change.moved})
    reasons = _Reasons(now, change, known, fresh)
    tasks = []
    for subject in now.subjects:
        if wanted is not None and subject not in wanted:
            continue
        then = known.get(subject)
        altered = tuple(alterations(subject, then) if then is not None else introduced(subject))
        why = tuple(reasons.of(subject)) or ((Reason("surroundings", "what it runs on changed"),) if altered else ())
        if why or wanted is not None:
            tasks.append(_task(now, subject, fresh, altered, why, is_new=then is None))
    missing = tuple(_gone(now, subject) for subject in gone) if wanted is None else ()
    settings = tuple(changed_settings(now, change.then)) if wanted is None else ()
    beside = () if wanted is not None else tuple(_beside(now, tasks, fresh))
    cured = tuple(change.then.problem(finding, is_new=False) for finding in gone_findings) if wanted is None else ()
    others = len(now.subjects) - len(tasks)
    return Review(change.since, tuple(tasks), settings, missing, beside, cured, others)


def _task(
    now: State,
    subject: Subject,
    fresh: Collection[Finding],
    altered: tuple[Alteration, ...],
    reasons: tuple[Reason, ...],
    *,
    is_new: bool,
) -> TaskReview:
    written = drafts(subject)
    places = [place for draft in written for place in draft.places]
    found: dict[Kind, list[Problem]] = defaultdict(list)
    for finding in now.findings:
        line = line_of(finding, subject, places)
        if line is not None:
            found[line].append(now.problem(finding, is_new=finding in fresh))
    rows = tuple(_row(subject, draft, tuple(_merged(found[draft.kind]))) for draft in written)
    return TaskReview(subject.task.name, subject.place(subject.task.location), is_new, reasons, altered, rows)


def _merged(problems: list[Problem]) -> Iterator[Problem]:
    """PROBLEMS, where what is said of several places is said once."""
    found: dict[tuple[str, str, bool], list[Problem]] = defaultdict(list)
    for problem in problems:
        found[(problem.code, problem.message, problem.is_new)].append(problem)
    for first, *others in found.values():
        yield structs.replace(first, also=tuple(other.place for other in others)) if others else first


def _row(subject: Subject, draft: Draft, problems: tuple[Problem, ...]) -> Row:
    places = tuple(dict.fromkeys(subject.place(place) for place in draft.places))
    if not problems:
        return Row(draft.kind, draft.state, draft.text + draft.fine, draft.why, (), places)
    return Row(draft.kind, "failed", draft.text, draft.why, problems, places)


def _beside(now: State, tasks: Collection[TaskReview], fresh: Collection[Finding]) -> Iterator[Problem]:
    """The new problems that no row of TASKS has."""
    rows = [row for task in tasks for row in task.rows]
    said = {(problem.code, problem.message) for row in rows for problem in row.problems}
    yield from _merged(
        [
            now.problem(finding, is_new=True)
            for finding in now.findings
            if finding in fresh and (finding.code, finding.message) not in said
        ]
    )


# why a task is reviewed


class _Reasons:
    """Why the change concerns a task."""

    def __init__(
        self, now: State, change: Change, known: Mapping[Subject, Subject], fresh: Collection[Finding]
    ) -> None:
        self.now = now
        self.known = known
        self.fresh = fresh
        self.functions: dict[FunctionRef, Touched] = {}
        for project in now.projects:
            self.functions |= changed_functions(project, change.before)
        self.calls = _changed_calls(now, change)

    def of(self, subject: Subject) -> Iterator[Reason]:
        """The reasons for SUBJECT, the nearest first."""
        if subject not in self.known:
            yield Reason("new", "it is new", subject.place(subject.task.location))
        function = subject.task.function
        inside = [each for each in self.functions.values() if function is not None and self._is_own(each, subject)]
        if inside and subject in self.known:
            name = inside[0].name
            place = subject.place(subject.task.location)
            if name is None:
                yield Reason("code", "its code changed", place)
            else:
                yield Reason("name", f"it uses `{name}`, which changed", place)
        for sender in self.calls.get(subject, ()):
            yield Reason("call", "what sends it changed", subject.place(sender))
        way = way_to(subject, self.functions)
        if way is not None:
            target, steps = way
            there = place_of(Location(target.function.path, subject.project.symbols.fact(target.function).name_span),
                             subject.project)  # fmt: skip
            what = f"`{target.label}`" + (f", where `{target.name}`" if target.name is not None else ", which")
            yield Reason("function", f"runs {what} changed",
                         there, tuple(subject.place(step) for step in steps))  # fmt: skip
        if any(line_of(finding, subject) is not None for finding in self.fresh):
            yield Reason("problem", "there is a new problem with it")

    def _is_own(self, touched: Touched, subject: Subject) -> bool:
        own = subject.own_span
        fact = subject.project.symbols.fact(touched.function) if touched.function.path == own.path else None
        return fact is not None and own.span.contains(fact.span)


def _changed_calls(now: State, change: Change) -> dict[Subject, list[Location]]:
    """The calls of each task that were not there, or not in the same words."""
    before = {mark for _, _, mark in _calls(change.then, change.before)}
    found: dict[Subject, list[Location]] = defaultdict(list)
    for subject, place, mark in _calls(now, change.before):
        if mark not in before:
            found[subject].append(place)
    return found


def _calls(state: State, paths: Collection[str]) -> Iterator[tuple[Subject, Location, tuple[str, str, str]]]:
    """The calls of tasks in the files PATHS, each with what it is known by."""
    for subject in state.subjects:
        for call in subject.project.calls_of(subject.task):
            if call.path in paths:
                around = function_at(call.location, subject.project)
                owner = subject.project.symbols.fact(around).qualname if around is not None else ""
                text = " ".join(subject.project.source(call.path).text(call.call.span).split())
                yield subject, call.location, (call.path, owner, text)


# tasks that are gone


def _gone(now: State, then: Subject) -> Gone:
    left: tuple[Note, ...] = ()
    for project in now.projects:
        if not any({*then.task.names} & {*task.names} for task in project.tasks):
            left += tuple(named_at(project, then.task.names))
    return Gone(then.task.name, then.place(then.task.location), left)
