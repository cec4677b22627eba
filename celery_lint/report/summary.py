"""The last line of a run, and the table of `--statistics`."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Applicability, Finding, Severity
from celery_lint.report.full import COLORS
from celery_lint.report.model import Report
from celery_lint.report.terminal import Terminal
from celery_lint.report.text import escape


def summary(report: Report, terminal: Terminal) -> str:
    """What was read and what came of it, in one line."""
    looked_at = report.statistics
    if not looked_at.celery_files:
        where = escape(str(report.root))
        said = f"no Celery code in {where}: read {counted(looked_at.files, 'file')}, nothing to judge."
        return f"{terminal.paint('warning:', 'yellow', 'bold')} {said} {_found(report, terminal)}"
    return f"{terminal.paint(what_was_read(report), 'dim')} {_found(report, terminal)}"


def what_was_read(report: Report) -> str:
    """How much of what was read for REPORT."""
    looked_at = report.statistics
    parts = [
        counted(looked_at.apps, "app"),
        counted(looked_at.tasks, "task"),
        counted(looked_at.queues, "queue"),
        counted(looked_at.workers, "worker"),
    ]
    return f"Read {counted(looked_at.files, 'file')}, {looked_at.celery_files} with Celery code: {', '.join(parts)}."


def statistics(report: Report, terminal: Terminal) -> Iterator[str]:
    """How often each rule was broken, the most frequent first."""
    rules = by_rule(report)
    width = len(str(max(map(len, rules), default=0)))
    for findings in rules:
        first = findings[0]
        yield f"{len(findings):>{width}}  {terminal.paint(first.code, COLORS[first.severity])}  {first.name}"


def by_rule(report: Report) -> list[tuple[Finding, ...]]:
    """The findings of REPORT by rule and severity, the most frequent first."""
    found: dict[tuple[str, str, Severity], list[Finding]] = {}
    for finding in report.findings:
        found.setdefault((finding.code, finding.name, finding.severity), []).append(finding)
    return [tuple(findings) for _, findings in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))]


def _found(report: Report, terminal: Terminal) -> str:
    counts = [
        terminal.paint(counted(count, severity.label), COLORS[severity], "bold")
        for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)
        if (count := report.count(severity))
    ]
    found = f"Found {', '.join(counts)}" if counts else terminal.paint("No findings", "green", "bold")
    return "; ".join((found, *afterwards(report))) + "."


def afterwards(report: Report) -> Iterator[str]:
    """What is to be said beside what was found: what can be done about it, and what is not shown."""
    safe, unsafe = report.fixable(Applicability.SAFE), report.fixable(Applicability.UNSAFE)
    if safe:
        yield f"{safe} fixable with --fix"
    if unsafe:
        yield f"{unsafe} {'more' if safe else 'fixable'} with --fix --unsafe-fixes"
    if report.suppressed:
        yield f"{report.suppressed} suppressed"
    if report.baselined:
        yield f"{report.baselined} in the baseline"
    if report.stale:
        entries = "entry of the baseline matches" if report.stale == 1 else "entries of the baseline match"
        yield f"{report.stale} {entries} nothing any more: celery-lint baseline --prune"
    if report.elsewhere:
        yield f"{report.elsewhere} more elsewhere, as before"


def counted(number: int, noun: str) -> str:
    """NUMBER of what NOUN says."""
    plural = noun if number == 1 or noun == "info" else f"{noun}s"
    return f"{number} {plural}"
