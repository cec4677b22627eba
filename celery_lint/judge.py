"""JUDGE: ask every rule about its subjects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from celery_lint.crash import Crash, attempt
from celery_lint.finding import Confidence, Finding, Location, Severity, Span
from celery_lint.rule import Rule
from celery_lint.watch import UNWATCHED, Part, Watch

INTERNAL_ERROR = "internal-error"
_THE_PROJECT = Location(".", Span(0, 0))


class Subjects(Protocol):
    """Whatever rules can be asked about: a project."""

    def subjects(self, kind: type[object], /) -> Iterable[object]:
        """All objects of the type KIND that it has."""
        ...


class Judgement(Struct, frozen=True):
    """What the rules found. CRASHED maps the code of each rule that crashed to its traceback."""

    findings: tuple[Finding, ...]
    crashed: Mapping[str, str] = field(default_factory=dict)


def judge(
    project: Subjects, rules: Sequence[Rule], severities: Mapping[str, Severity], watch: Watch = UNWATCHED
) -> Judgement:
    """Ask RULES about PROJECT. SEVERITIES, by code, replace those that the rules give. WATCH is told of each rule.

    One root cause is said once: what a rule absorbs is dropped where it has a finding itself. A rule that crashes
    becomes a finding that says so; its other subjects and the other rules go on.
    """
    findings: list[Finding] = []
    crashed: dict[str, str] = {}
    for rule in rules:
        with watch.at(Part.JUDGE, f"{rule.code} {rule.name}"):
            crashes = _ask(rule, project, findings, watch)
        for subject, crash in crashes:
            if rule.code not in crashed:
                findings.append(_internal_error(rule, subject, crash))
            crashed.setdefault(rule.code, crash.trace)
    kept = _without_absorbed(_without_repeats(findings), {rule.code: rule.absorbs for rule in rules if rule.absorbs})
    return Judgement(tuple(sorted((_remapped(each, severities) for each in kept), key=order)), crashed)


def order(finding: Finding) -> tuple[str, Span, str, str]:
    """How findings are sorted: by place, then by rule."""
    return finding.location.path, finding.location.span, finding.code, finding.message


def _ask(rule: Rule, project: Subjects, findings: list[Finding], watch: Watch) -> list[tuple[object, Crash]]:
    """Add to FINDINGS what RULE says about each of its subjects; the subjects on which it crashed."""
    # The first rule of a kind would pay for all.
    with watch.at(Part.LINK):
        subjects = attempt(lambda: tuple(project.subjects(rule.subject())))
    if isinstance(subjects, Crash):
        return [(None, subjects)]
    wants_project = rule.wants_project
    crashes = []
    for subject in subjects:
        crash = attempt(partial(_collect, rule, (subject, project) if wants_project else (subject,), findings))
        if crash is not None:
            crashes.append((subject, crash))
    return crashes


def _collect(rule: Rule, arguments: tuple[object, ...], findings: list[Finding]) -> None:
    """Not `extend`: what was yielded before a crash is kept."""
    for finding in rule.check(*arguments):
        findings.append(finding)


def _internal_error(rule: Rule, subject: object, crash: Crash) -> Finding:
    location = getattr(subject, "location", None)
    return Finding(
        code=INTERNAL_ERROR,
        name=INTERNAL_ERROR,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message=f"{rule.code} ({rule.name}) crashed and could not judge everything: {crash.summary}",
        location=location if isinstance(location, Location) else _THE_PROJECT,
        entity=f"rule:{rule.code}",
    )


def _without_repeats(findings: Sequence[Finding]) -> list[Finding]:
    """FINDINGS, where the same said twice of one place (a script that two services run) is one, the gravest."""
    kept: dict[tuple[str, Location, str], Finding] = {}
    for finding in findings:
        key = (finding.code, finding.location, finding.message)
        if key not in kept or kept[key].severity < finding.severity:
            kept[key] = finding
    return list(kept.values())


def _without_absorbed(findings: Sequence[Finding], absorbs: Mapping[str, tuple[str, ...]]) -> list[Finding]:
    taken = [(code, finding.location) for finding in findings for code in absorbs.get(finding.code, ())]
    return [
        finding
        for finding in findings
        if not any(finding.code == code and _overlap(finding.location, location) for code, location in taken)
    ]


def _overlap(one: Location, other: Location) -> bool:
    if one.path != other.path:
        return False
    return one.span == other.span or (one.span.start < other.span.end and other.span.start < one.span.end)


def _remapped(finding: Finding, severities: Mapping[str, Severity]) -> Finding:
    severity = severities.get(finding.code)
    return finding if severity is None else replace(finding, severity=severity)
