"""`json`, version 1: everything about every finding, for programs. Its schema is `schemas/findings-v1.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from celery_lint import __version__
from celery_lint.finding import Applicability, Confidence, Edit, Finding, Fix, Location, Severity
from celery_lint.report.model import Report
from celery_lint.report.text import escape, printable_json

SeverityWord = Literal["error", "warning", "info"]
ConfidenceWord = Literal["high", "medium", "low"]
Number = Annotated[int, Meta(ge=0)]
Ordinal = Annotated[int, Meta(ge=1)]


class Tool(Struct, frozen=True):
    """What wrote the report."""

    name: Literal["celery-lint"]
    version: str


class Point(Struct, frozen=True):
    """A place in a file: line and column from 1, the column in characters."""

    line: Ordinal
    column: Ordinal


class Change(Struct, frozen=True):
    """Replace what stands from START up to END by TEXT."""

    path: str
    start: Point
    end: Point
    text: str


class Cure(Struct, frozen=True):
    """Changes that belong together."""

    applicability: Literal["safe", "unsafe", "display"]
    title: str
    edits: tuple[Change, ...]


class Place(Struct, frozen=True):
    """Another place that explains the finding."""

    path: str
    line: Ordinal
    column: Ordinal
    end_line: Ordinal
    end_column: Ordinal
    message: str


class Item(Struct, frozen=True):
    """One finding. PATH is relative to the project's root, `.` for the project itself."""

    code: str
    name: str
    severity: SeverityWord
    confidence: ConfidenceWord
    message: str
    path: str
    line: Ordinal
    column: Ordinal
    end_line: Ordinal
    end_column: Ordinal
    entity: str
    related: tuple[Place, ...]
    fix: Cure | None
    fix_withheld: Annotated[str | None, Meta(description="Why there is no automatic fix, in one sentence")]
    fingerprint: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    url: Annotated[str | None, Meta(description="The rule's page")]


class Summary(Struct, frozen=True):
    """What was looked at, and what came of it."""

    files: Number
    celery_files: Number
    apps: Number
    tasks: Number
    queues: Number
    workers: Number
    errors: Number
    warnings: Number
    infos: Number
    fixable: Number
    suppressed: Number
    baselined: Number


class Document(Struct, frozen=True):
    """A whole report."""

    version: Literal[1]
    tool: Tool
    findings: tuple[Item, ...]
    summary: Summary


SEVERITIES: Mapping[Severity, SeverityWord] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "info",
}
_CONFIDENCES: Mapping[Confidence, ConfidenceWord] = {
    Confidence.HIGH: "high",
    Confidence.MEDIUM: "medium",
    Confidence.LOW: "low",
}


def json(report: Report) -> bytes:
    """REPORT as UTF-8."""
    fingerprints = report.fingerprints()
    document = Document(
        version=1,
        tool=Tool("celery-lint", __version__),
        findings=tuple(item(finding, report, fingerprints[finding]) for finding in report.findings),
        summary=summary_of(report),
    )
    return printable_json(msgspec.json.format(msgspec.json.encode(document), indent=2)) + b"\n"


def schema() -> dict[str, object]:
    """The JSON schema of what `json` writes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Document)}


def summary_of(report: Report) -> Summary:
    """What was looked at in REPORT, and what came of it."""
    looked_at = report.statistics
    return Summary(
        files=looked_at.files,
        celery_files=looked_at.celery_files,
        apps=looked_at.apps,
        tasks=looked_at.tasks,
        queues=looked_at.queues,
        workers=looked_at.workers,
        errors=report.count(Severity.ERROR),
        warnings=report.count(Severity.WARNING),
        infos=report.count(Severity.INFO),
        fixable=report.fixable(Applicability.SAFE) + report.fixable(Applicability.UNSAFE),
        suppressed=report.suppressed,
        baselined=report.baselined,
    )


def item(finding: Finding, report: Report, fingerprint: str) -> Item:
    """FINDING of REPORT, as programs are told of it."""
    start, end = _points(finding.location, report)
    return Item(
        code=finding.code,
        name=finding.name,
        severity=SEVERITIES[finding.severity],
        confidence=_CONFIDENCES[finding.confidence],
        message=plain(finding.message),
        path=plain(finding.location.path),
        line=start.line,
        column=start.column,
        end_line=end.line,
        end_column=end.column,
        entity=plain(finding.entity),
        related=tuple(_place(related.location, related.message, report) for related in finding.related),
        fix=_cure(finding.fix, report) if finding.fix else None,
        fix_withheld=plain(finding.withheld) if finding.withheld is not None else None,
        fingerprint=fingerprint,
        url=report.urls.get(finding.code),
    )


def _place(location: Location, message: str, report: Report) -> Place:
    start, end = _points(location, report)
    return Place(plain(location.path), start.line, start.column, end.line, end.column, plain(message))


def _cure(fix: Fix, report: Report) -> Cure:
    return Cure(fix.applicability.value, plain(fix.title), tuple(_change(edit, report) for edit in fix.edits))


def _change(edit: Edit, report: Report) -> Change:
    start, end = _points(Location(edit.path, edit.span), report)
    return Change(plain(edit.path), start, end, plain(edit.text))


def _points(location: Location, report: Report) -> tuple[Point, Point]:
    source = report.source(location.path)
    start, end = source.position(location.span.start), source.position(location.span.end)
    return Point(start.line, start.column), Point(end.line, end.column)


def plain(text: str) -> str:
    """TEXT as it is, unless it holds bytes that are no text: JSON has no way to write those."""
    return text if text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text) else escape(text)
