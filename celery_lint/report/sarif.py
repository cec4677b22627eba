"""`sarif` 2.1.0: for GitHub code scanning, Azure DevOps, and viewers in editors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from urllib.parse import quote

import msgspec

from celery_lint import __version__, finding
from celery_lint.finding import Confidence, Finding, Severity, Span
from celery_lint.judge import INTERNAL_ERROR
from celery_lint.report import sarif_model as sarif_
from celery_lint.report.help import description, help_markdown, help_text
from celery_lint.report.json import plain
from celery_lint.report.line_hash import line_hash, windows
from celery_lint.report.model import Report
from celery_lint.report.text import escape, printable_json
from celery_lint.rule import Rule

# The one that GitHub and Visual Studio Code know; what it stands for is theirs to know, and no folder of this machine.
_ROOT = "%SRCROOT%"
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: dict[Severity, sarif_.Level] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}
_PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_PRECISIONS = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}
# What GitHub takes of a description.
_MOST_CHARACTERS = 1024


def sarif(report: Report) -> bytes:
    """REPORT as UTF-8."""
    found = [each for each in report.findings if each.code != INTERNAL_ERROR]
    crashes = [each for each in report.findings if each.code == INTERNAL_ERROR]
    known_by = _fingerprints(found, report)
    codes = {code: index for index, code in enumerate(sorted({each.code for each in found}))}
    rules = tuple(_rule(report.rules[code], report) if code in report.rules else _unknown(code) for code in codes)
    run = sarif_.Run(
        tool=sarif_.Tool(
            driver=sarif_.Driver(name="celery-lint", version=__version__, semantic_version=__version__, rules=rules)
        ),
        invocations=(
            sarif_.Invocation(
                execution_successful=not crashes,
                tool_execution_notifications=tuple(
                    sarif_.Notification(level="error", message=_message(each.message)) for each in crashes
                ),
            ),
        ),
        original_uri_base_ids={_ROOT: sarif_.ArtifactLocation(description=_message("The root of the repository."))},
        column_kind="unicodeCodePoints",
        results=tuple(_result(each, codes[each.code], report, known_by[each]) for each in found),
    )
    log = sarif_.Log(schema=_SCHEMA, version="2.1.0", runs=(run,))
    return printable_json(msgspec.json.format(msgspec.json.encode(log), indent=2)) + b"\n"


def _rule(rule: Rule, report: Report) -> sarif_.ReportingDescriptor:
    security = {"security-severity": str(rule.security)} if rule.security is not None else {}
    return sarif_.ReportingDescriptor(
        id=rule.code,
        name=rule.name,
        short_description=sarif_.Message(text=rule.summary[:_MOST_CHARACTERS] or rule.name),
        full_description=sarif_.Message(text=description(rule)[:_MOST_CHARACTERS] or rule.name),
        help=sarif_.Message(text=help_text(rule), markdown=help_markdown(rule)),
        help_uri=report.urls.get(rule.code),
        default_configuration=sarif_.Configuration(level=_LEVELS[rule.severity]),
        properties={
            "tags": ("celery", rule.family.replace("_", "-"), *(("security",) if security else ())),
            "precision": _PRECISIONS[rule.confidence],
            "problem.severity": _PROBLEMS[rule.severity],
            **security,
        },
    )


def _unknown(code: str) -> sarif_.ReportingDescriptor:
    """A rule of which nothing is known but that it found something."""
    said = sarif_.Message(text=code)
    return sarif_.ReportingDescriptor(
        id=code,
        name=code,
        short_description=said,
        full_description=said,
        help=said,
        default_configuration=sarif_.Configuration(level="warning"),
        properties={"tags": ("celery",)},
    )


def _fingerprints(found: Sequence[Finding], report: Report) -> dict[Finding, dict[str, str]]:
    """What each of FOUND is known by: to us, and to GitHub."""
    known = report.fingerprints()
    lines_of = cache(lambda path: windows(report.source(report.anchor if path == "." else path).data))
    return {
        each: {
            "celeryLint/v1": known[each],
            "primaryLocationLineHash": line_hash(lines_of(each.location.path), report.lines(each.location)[0].line),
        }
        for each in found
    }


def _result(each: Finding, index: int, report: Report, known_by: Mapping[str, str]) -> sarif_.Result:
    kind, _, name = each.entity.partition(":")
    logical = sarif_.LogicalLocation(fully_qualified_name=escape(name), kind=escape(kind)) if name else None
    return sarif_.Result(
        rule_id=each.code,
        rule_index=index,
        level=_LEVELS[each.severity],
        message=sarif_.Message(text="\n".join(_said(each, report))),
        locations=(
            sarif_.Location(
                physical_location=_shown(each.location, report), logical_locations=(logical,) if logical else ()
            ),
        ),
        related_locations=tuple(
            sarif_.Location(
                id=number,
                physical_location=_shown(related.location, report),
                message=_message(related.message),
            )
            for number, related in enumerate(each.related, start=1)
        ),
        partial_fingerprints=known_by,
        fixes=(_fix(each.fix, report),) if each.fix is not None and each.fix.edits else (),
        properties={"confidence": each.confidence.label},
    )


def _said(each: Finding, report: Report) -> Iterator[str]:
    """The message, and the other places as links: GitHub shows no others."""
    yield _inert(each.message)
    for number, related in enumerate(each.related, start=1):
        place = f"{report.in_repository(related.location.path)}:{report.lines(related.location)[0].line}"
        label = escape(place).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
        yield f"[{label}]({number}): {_inert(related.message)}"


def _message(text: str) -> sarif_.Message:
    return sarif_.Message(text=_inert(text))


def _inert(text: str) -> str:
    """TEXT without links of its own: `[click](https://…)` is one in the messages of SARIF."""
    return escape(text).replace("](", "] (")


def _shown(location: finding.Location, report: Report) -> sarif_.PhysicalLocation:
    start, end = report.lines(location)
    return sarif_.PhysicalLocation(
        artifact_location=_file(location.path, report),
        region=sarif_.Region(
            start_line=start.line, start_column=start.column, end_line=end.line, end_column=end.column
        ),
    )


def _file(path: str, report: Report) -> sarif_.ArtifactLocation:
    uri = quote(report.in_repository(path), safe="/", errors="surrogateescape")
    return sarif_.ArtifactLocation(uri=uri, uri_base_id=_ROOT)


def _fix(fix: finding.Fix, report: Report) -> sarif_.Fix:
    edits = sorted(fix.edits, key=lambda edit: (edit.path, edit.span))
    return sarif_.Fix(
        description=_message(fix.title),
        artifact_changes=tuple(
            sarif_.ArtifactChange(
                artifact_location=_file(path, report),
                replacements=tuple(
                    sarif_.Replacement(
                        deleted_region=_region(path, edit.span, report),
                        inserted_content=sarif_.Message(text=plain(edit.text)),
                    )
                    for edit in edits
                ),
            )
            for path, edits in groupby(edits, key=lambda edit: edit.path)
        ),
        properties={"applicability": fix.applicability.value},
    )


def _region(path: str, span: Span, report: Report) -> sarif_.Region:
    """Exactly SPAN."""
    source = report.source(path)
    start, end = source.position(span.start), source.position(span.end)
    return sarif_.Region(start_line=start.line, start_column=start.column, end_line=end.line, end_column=end.column)
