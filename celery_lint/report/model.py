"""What a run hands to those who write reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import astuple, replace

from celery_lint.finding import Applicability, Finding, Location, Severity
from celery_lint.project.model import Statistics
from celery_lint.report.fingerprint import identities
from celery_lint.rule import Rule
from celery_lint.source import Position, Source


class Report(Struct, frozen=True):
    """One run over the project at ROOT: FINDINGS in order, how many a comment SUPPRESSED, what was looked at. RULES are
    those that ran, by code, and URLS the addresses of their pages. SHOWN is the way from the working directory to ROOT
    (`` when they are the same, else ending in `/`): people are shown paths that they can open. REPOSITORY is the way
    from the root of the git repository to ROOT, likewise, and ANCHOR the file that stands for the project where a
    finding has to be in a file. Findings from the severity FAILS_FROM on fail the run.

    JUDGED are the codes of the rules that ran to their end. BASELINED findings are not here because a baseline has them
    (STALE of its entries match nothing), ELSEWHERE are those not about what has changed. WHOLE are all that the run
    found, KNOWN_AS the fingerprints of those that are here only in part.
    """

    root: Path
    findings: tuple[Finding, ...]
    suppressed: int
    statistics: Statistics
    source_of: Callable[[str], Source]
    urls: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    shown: str = ""
    judged: frozenset[str] = frozenset()
    baselined: int = 0
    stale: int = 0
    elsewhere: int = 0
    whole: tuple[Finding, ...] = ()
    known_as: Mapping[Finding, str] = field(default_factory=dict)
    repository: str = ""
    anchor: str = "."
    fails_from: Severity = Severity.WARNING

    def source(self, path: str) -> Source:
        """The file PATH; an empty one for the project itself."""
        return Source(path, b"") if path == "." else self.source_of(path)

    def fingerprints(self) -> Mapping[Finding, str]:
        """The fingerprint of each finding, the same whichever of the others are shown."""
        found = identities(self.whole or self.findings, self.source)
        return {**{finding: known[0].fingerprint for finding, known in found.items()}, **self.known_as}

    def former_codes(self, code: str) -> tuple[str, ...]:
        """The codes that the rule CODE had before."""
        return self.rules[code].former_codes if code in self.rules else ()

    def in_repository(self, path: str) -> str:
        """PATH as it leads from the root of the git repository."""
        return self.repository + (self.anchor if path == "." else path)

    def lines(self, location: Location) -> tuple[Position, Position]:
        """Where LOCATION starts and ends for people: not behind the newline of its last line."""
        source = self.source(location.path)
        start, end = source.position(location.span.start), source.position(location.span.end)
        if end.column == 1 and end.line > start.line:
            return start, Position(end.line - 1, len(source.line_text(end.line - 1)) + 1)
        return start, end

    def count(self, severity: Severity) -> int:
        """How many findings have SEVERITY."""
        return sum(finding.severity is severity for finding in self.findings)

    def fixable(self, applicability: Applicability) -> int:
        """How many findings have a fix of APPLICABILITY."""
        return sum(finding.fix is not None and finding.fix.applicability is applicability for finding in self.findings)

    def only(self, paths: Sequence[str]) -> Report:
        """This report with the findings at or below PATHS only (`.` is the root), and those about the project."""
        if "." in paths:
            return self
        kept = tuple(finding for finding in self.findings if is_below(finding.location.path, paths))
        return replace(self, findings=kept)


def merged(reports: Sequence[Report], source_of: Callable[[str], Source]) -> Report:
    """One report for several projects under one root; SOURCE_OF knows the files of all."""
    return replace(
        reports[0],
        findings=tuple(finding for report in reports for finding in report.findings),
        suppressed=sum(report.suppressed for report in reports),
        judged=frozenset.intersection(*(report.judged for report in reports)),
        statistics=Statistics(*map(sum, zip(*(astuple(report.statistics) for report in reports), strict=True))),
        source_of=source_of,
    )


def is_below(path: str, folders: Sequence[str]) -> bool:
    """Whether PATH is one of FOLDERS or in one (all are in `.`), or is the project itself."""
    return path == "." or "." in folders or any(path == folder or path.startswith(folder + "/") for folder in folders)
