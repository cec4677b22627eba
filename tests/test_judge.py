"""Asking rules about their subjects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from celery_lint.finding import Confidence, Finding, Location, Severity, Span
from celery_lint.judge import INTERNAL_ERROR, judge
from celery_lint.rule import Rule


@dataclass(frozen=True)
class Thing:
    name: str
    location: Location


class Project:
    def __init__(self, *things: Thing) -> None:
        self.things = things

    def subjects(self, kind: type[object], /) -> Iterable[object]:
        return {Thing: self.things, Project: (self,)}.get(kind, ())


def at(start: int, end: int, path: str = "a.py") -> Location:
    return Location(path, Span(start, end))


def found(code: str, location: Location, message: str = "m") -> Finding:
    return Finding(code, code.lower(), Severity.WARNING, Confidence.HIGH, message, location, "x")


def made(code: str, check: Callable[..., Iterator[Finding]], absorbs: tuple[str, ...] = ()) -> Rule:
    return Rule(code, code.lower(), "0.1", Severity.WARNING, Confidence.HIGH, "none", check, absorbs=absorbs)


def about_things(thing: Thing, project: Project) -> Iterator[Finding]:
    yield found("CEL301", thing.location, f"{thing.name} of {len(project.things)}")


def about_all(project: Project) -> Iterator[Finding]:
    yield found("CEL302", at(0, 1), f"{len(project.things)} things")


def crashes_on_two(thing: Thing) -> Iterator[Finding]:
    yield found("CEL303", thing.location, thing.name)
    if thing.name.startswith("two"):
        raise KeyError("no such\nthing")


THINGS = Project(Thing("one", at(5, 9)), Thing("two", at(3, 4)), Thing("two b", at(1, 2)), Thing("four", at(0, 1, "b")))


def test_the_first_parameter_says_what_a_rule_is_asked_about() -> None:
    judged = judge(THINGS, [made("CEL301", about_things), made("CEL302", about_all)], {})
    assert [finding.message for finding in judged.findings] == [
        "4 things",
        "two b of 4",
        "two of 4",
        "one of 4",
        "four of 4",
    ]
    assert not judged.crashed


def test_a_crash_is_one_finding_and_the_rest_goes_on() -> None:
    judged = judge(THINGS, [made("CEL303", crashes_on_two), made("CEL302", about_all)], {})
    crashes = [finding for finding in judged.findings if finding.code == INTERNAL_ERROR]
    assert [finding.location for finding in crashes] == [at(3, 4)]
    assert crashes[0].message.startswith("CEL303 (cel303) crashed")
    assert "KeyError: 'no such\\nthing' (test_judge.py:" in crashes[0].message
    assert "raise KeyError" in judged.crashed["CEL303"]
    others = {finding.message for finding in judged.findings if finding.code != INTERNAL_ERROR}
    assert others == {"one", "two", "two b", "four", "4 things"}


def test_a_project_that_cannot_say_its_subjects_is_a_crash_of_the_rule() -> None:
    class Broken(Project):
        def subjects(self, kind: type[object], /) -> Iterable[object]:
            raise ZeroDivisionError

    judged = judge(Broken(), [made("CEL301", about_things)], {})
    assert [(finding.code, finding.location.path) for finding in judged.findings] == [(INTERNAL_ERROR, ".")]


def absorber(start: int, end: int, path: str = "a.py") -> Rule:
    def check(project: Project) -> Iterator[Finding]:
        yield found("CEL102", at(start, end, path))

    return made("CEL102", check, absorbs=("CEL101",))


def absorbed(project: Project) -> Iterator[Finding]:
    yield found("CEL101", at(10, 20))


def test_one_root_cause_is_said_once() -> None:
    for rule, codes in (
        (absorber(10, 20), ["CEL102"]),
        (absorber(0, 11), ["CEL102"]),
        (absorber(12, 13), ["CEL102"]),
        (absorber(0, 10), ["CEL102", "CEL101"]),
        (absorber(20, 30), ["CEL101", "CEL102"]),
        (absorber(10, 20, "b.py"), ["CEL101", "CEL102"]),
    ):
        judged = judge(THINGS, [rule, made("CEL101", absorbed)], {})
        assert [finding.code for finding in judged.findings] == codes


def test_what_is_not_asked_does_not_absorb() -> None:
    assert [finding.code for finding in judge(THINGS, [made("CEL101", absorbed)], {}).findings] == ["CEL101"]


def test_severities_are_replaced() -> None:
    judged = judge(THINGS, [made("CEL302", about_all)], {"CEL302": Severity.INFO})
    assert [finding.severity for finding in judged.findings] == [Severity.INFO]
