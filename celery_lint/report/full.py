"""`full`: each finding with its source, the other places that explain it, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Applicability, Finding, Related, Severity
from celery_lint.judge import INTERNAL_ERROR
from celery_lint.report.excerpt import excerpt
from celery_lint.report.model import Report
from celery_lint.report.terminal import Terminal, file_url
from celery_lint.report.text import escape
from celery_lint.source import Source

COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
_MOST_RELATED = 5
_FIX_HINTS = {
    Applicability.SAFE: "--fix",
    Applicability.UNSAFE: "--fix --unsafe-fixes",
    Applicability.DISPLAY: "by hand",
}


def full(report: Report, terminal: Terminal) -> Iterator[str]:
    """The lines of REPORT for TERMINAL."""
    for finding in report.findings:
        yield from _finding(finding, report, terminal)
        yield ""


def _finding(finding: Finding, report: Report, terminal: Terminal) -> Iterator[str]:
    color = COLORS[finding.severity]
    code = terminal.link(terminal.paint(f"[{finding.code}]", color), report.urls.get(finding.code))
    label = terminal.paint(finding.severity.label, color, "bold") + code
    yield f"{label} {terminal.paint(escape(finding.message), 'bold')}"
    source = report.source(finding.location.path)
    start = source.position(finding.location.span.start)
    place = _place(report, terminal, finding.location.path, start.line, start.column)
    rows = excerpt(source, finding.location.span, terminal.width - len(str(start.line)) - 6)
    gutter = max((len(number) for number, _, _ in rows), default=1)
    bar = terminal.paint("|", "blue")
    yield f"{' ' * gutter}{terminal.paint('-->', 'blue')} {place}"
    if rows:
        yield f"{' ' * gutter} {bar}"
    for number, marks, text in rows:
        shown = terminal.paint(number.rjust(gutter), "blue")
        yield f"{shown} {bar} {terminal.paint(marks, color, 'bold')}{text}".rstrip()
    notes = list(_notes(finding, report, terminal))
    if notes:
        yield f"{' ' * gutter} {bar}"
    for note in notes:
        yield f"{' ' * gutter} {terminal.paint('=', 'blue')} {note}"


def _notes(finding: Finding, report: Report, terminal: Terminal) -> Iterator[str]:
    for related in finding.related[:_MOST_RELATED]:
        yield _related(related, report, terminal)
    if len(finding.related) > _MOST_RELATED:
        yield terminal.paint(f"… and {len(finding.related) - _MOST_RELATED} more", "dim")
    if finding.fix is not None:
        hint = terminal.paint(f"({_FIX_HINTS[finding.fix.applicability]})", "dim")
        yield f"{terminal.paint('fix:', 'green')} {escape(finding.fix.title)} {hint}"
    if finding.withheld:
        yield escape(finding.withheld)
    if finding.code != INTERNAL_ERROR:
        yield terminal.paint(f"{finding.name}: celery-lint explain {finding.code}", "dim")


def _related(related: Related, report: Report, terminal: Terminal) -> str:
    source: Source = report.source(related.location.path)
    position = source.position(related.location.span.start)
    place = _place(report, terminal, related.location.path, position.line, position.column)
    return f"{place}: {escape(related.message)}"


def _place(report: Report, terminal: Terminal, path: str, line: int, column: int) -> str:
    if path == ".":
        return escape(str(report.root))
    text = f"{escape(report.shown + path)}:{line}:{column}"
    return terminal.link(text, file_url(report.root / path) if terminal.links else None)
