"""One state of a project under review: what was understood of it, and what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from msgspec import Struct, field

from celery_lint.finding import Applicability, Finding, Location, Severity
from celery_lint.project.project import Project
from celery_lint.source import Source
from celery_lint.views import model as picture
from celery_lint.views.model import Place
from celery_lint.views.review.model import Note, Problem
from celery_lint.views.review.subject import Subject, place_of, subjects

_SEVERITIES: Mapping[Severity, picture.Severity] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "info",
}


class State(Struct, frozen=True, eq=False, dict=True):
    """PROJECTS under one root with their FINDINGS and all their tasks, as SUBJECTS. URLS: the pages of rules."""

    projects: Sequence[Project]
    findings: Sequence[Finding]
    source_of: Callable[[str], Source]
    urls: Mapping[str, str] = field(default_factory=dict)
    declared: Place = field(default_factory=lambda: Place("pyproject.toml", 1))
    subjects: Sequence[Subject] = ()

    def problem(self, finding: Finding, *, is_new: bool) -> Problem:
        """FINDING, for people."""
        return Problem(
            finding.code,
            finding.name,
            _SEVERITIES[finding.severity],
            finding.message,
            self._place(finding.location),
            related=tuple(
                Note(each.message, self._place(each.location))
                for each in finding.related
                # That a finding names other tasks is of no interest to who reads about one.
                if each.location != finding.location and each.location not in self._tasks
            ),
            is_new=is_new,
            fix=finding.fix.title if finding.fix is not None else None,
            is_safe=finding.fix is not None and finding.fix.applicability is Applicability.SAFE,
            url=self.urls.get(finding.code),
        )

    @cached_property
    def _tasks(self) -> frozenset[Location]:
        return frozenset(subject.task.location for subject in self.subjects)

    def _place(self, location: Location) -> Place:
        return Place(".", 1) if location.path == "." else place_of(location, self._owner(location.path))

    def _owner(self, path: str) -> Project:
        return next((each for each in self.projects if path in each.files.known), self.projects[0])


def state_of(
    projects: Sequence[Project],
    findings: Sequence[Finding],
    source_of: Callable[[str], Source],
    urls: Mapping[str, str],
    declared: Place,
) -> State:
    """The state of PROJECTS with FINDINGS. DECLARED is where the configuration declares workers."""
    return State(projects, findings, source_of, urls, declared, subjects(projects, declared))


def compared(
    now: State, then: State, called: Mapping[str, str] | None = None
) -> tuple[frozenset[Finding], tuple[Finding, ...]]:
    """The findings of NOW that THEN has not: neither at the same text, nor about the same thing, wherever it stands;
    and those of THEN that NOW has not. CALLED: what tasks and files of THEN are called now."""
    names = sorted((called or {}).items(), key=lambda pair: -len(pair[0]))

    def renamed(text: str) -> str:
        for old, new in names:
            text = text.replace(old, new)
        return text

    new, old = list(now.findings), list(then.findings)
    for key in (_by_text, _by_words, _by_entity, _by_message):
        marks_now = [key(finding, now, str) for finding in new]
        marks_then = [key(finding, then, renamed) for finding in old]
        both = Counter(marks_now) & Counter(marks_then)
        new, old = _without(new, marks_now, both), _without(old, marks_then, both)
    return frozenset(new), tuple(old)


_Mark = tuple[str, ...]


def _without(findings: Sequence[Finding], marks: Sequence[_Mark], taken: Counter[_Mark]) -> list[Finding]:
    """FINDINGS, each with its mark, without as many of each mark as are TAKEN: the first ones."""
    left = Counter(taken)
    rest: list[Finding] = []
    for finding, mark in zip(findings, marks, strict=True):
        if left[mark]:
            left[mark] -= 1
        else:
            rest.append(finding)
    return rest


Rename = Callable[[str], str]


def _by_text(finding: Finding, state: State, renamed: Rename) -> tuple[str, ...]:
    path = finding.location.path
    source = Source(path, b"") if path == "." else state.source_of(path)
    text = " ".join(source.text(finding.location.span).split())
    return finding.code, renamed(path), renamed(finding.entity), text


def _by_words(finding: Finding, _: State, renamed: Rename) -> tuple[str, ...]:
    return finding.code, renamed(finding.entity), renamed(finding.message)


def _by_entity(finding: Finding, _: State, renamed: Rename) -> tuple[str, ...]:
    return finding.code, renamed(finding.entity)


def _by_message(finding: Finding, _: State, renamed: Rename) -> tuple[str, ...]:
    return finding.code, renamed(finding.message)
