"""`gitlab`: a code quality report, which GitLab shows in merge requests."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import Struct

from celery_lint.finding import Finding, Severity
from celery_lint.report.model import Report
from celery_lint.report.text import escape, printable_json

_SEVERITIES: dict[Severity, Literal["info", "major", "critical"]] = {
    Severity.ERROR: "critical",
    Severity.WARNING: "major",
    Severity.INFO: "info",
}


class Lines(Struct, frozen=True):
    """From the line BEGIN to END."""

    begin: int
    end: int


class Location(Struct, frozen=True):
    """PATH leads from the root of the repository."""

    path: str
    lines: Lines


class Issue(Struct, frozen=True):
    """What GitLab calls a finding."""

    description: str
    check_name: str
    fingerprint: str
    severity: Literal["info", "minor", "major", "critical", "blocker"]
    location: Location
    type: Literal["issue"] = "issue"
    categories: tuple[Literal["Bug Risk"]] = ("Bug Risk",)


def gitlab(report: Report) -> bytes:
    """REPORT as UTF-8."""
    known = report.fingerprints()
    seen: Counter[str] = Counter()
    issues = []
    for finding in report.findings:
        seen[known[finding]] += 1
        issues.append(_issue(finding, report, _numbered(known[finding], seen[known[finding]])))
    return printable_json(msgspec.json.format(msgspec.json.encode(issues), indent=2)) + b"\n"


def _issue(finding: Finding, report: Report, fingerprint: str) -> Issue:
    start, end = report.lines(finding.location)
    return Issue(
        description=f"{finding.code} {finding.name}: {escape(finding.message)}",
        check_name=finding.code,
        fingerprint=fingerprint,
        severity=_SEVERITIES[finding.severity],
        location=Location(escape(report.in_repository(finding.location.path)), Lines(start.line, end.line)),
    )


def _numbered(print_: str, number: int) -> str:
    """A fingerprint of its own for what is said twice (by two projects of one repository): GitLab shows the first of
    those that have the same."""
    return print_ if number == 1 else sha256(f"{print_}\0{number}".encode()).hexdigest()[:32]
