"""`concise`: one line a finding, in the form that editors and `grep` know."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding
from celery_lint.report.full import COLORS
from celery_lint.report.model import Report
from celery_lint.report.terminal import Terminal
from celery_lint.report.text import escape


def concise(report: Report, terminal: Terminal) -> Iterator[str]:
    """The lines of REPORT: `path:line:column: severity CODE message [safe fix]`."""
    for finding in report.findings:
        yield _line(finding, report, terminal)


def _line(finding: Finding, report: Report, terminal: Terminal) -> str:
    path = finding.location.path
    position = report.source(path).position(finding.location.span.start)
    place = terminal.paint(f"{escape(report.shown + path)}:{position.line}:{position.column}:", "bold")
    label = terminal.paint(f"{finding.severity.label} {finding.code}", COLORS[finding.severity])
    fix = terminal.paint(f" [{finding.fix.applicability} fix]", "dim") if finding.fix else ""
    return f"{place} {label} {escape(finding.message)}{fix}"
