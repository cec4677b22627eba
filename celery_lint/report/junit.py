"""`junit`: XML as Jenkins, GitLab, Azure and others read it: each finding is a test that fails."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from xml.sax.saxutils import escape as xml_escape
from xml.sax.saxutils import quoteattr

from celery_lint.finding import Finding
from celery_lint.judge import INTERNAL_ERROR
from celery_lint.report.full import explained
from celery_lint.report.model import Report
from celery_lint.report.terminal import Terminal
from celery_lint.report.text import HASH, escape

_CLEAN = '<testcase name="no findings" classname="celery-lint" time="0"/>'
_NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> bytes:
    """REPORT as UTF-8. A file is a suite; what does not fail the run is a test that was skipped."""
    by_file = groupby(report.findings, key=lambda finding: finding.location.path)
    suites = [_suite(report.in_repository(path), tuple(findings), report) for path, findings in by_file]
    inside = "\n".join(suites) or f'<testsuite name="celery-lint" {_counts((), report)}>\n{_CLEAN}\n</testsuite>'
    whole = f'<testsuites name="celery-lint" {_counts(report.findings, report, False)}>\n{inside}\n</testsuites>'
    text = _NO_XML.sub("\ufffd", f'<?xml version="1.0" encoding="UTF-8"?>\n{whole}\n')
    return HASH.sub("&#35;#", text).encode()


def _suite(path: str, findings: Sequence[Finding], report: Report) -> str:
    seen: Counter[str] = Counter()
    tests = "\n".join(_test(path, finding, report, seen) for finding in findings)
    return f"<testsuite name={quoteattr(escape(path))} {_counts(findings, report)}>\n{tests}\n</testsuite>"


def _counts(findings: Sequence[Finding], report: Report, skips: bool = True) -> str:
    kinds = Counter(_kind(finding, report) for finding in findings)
    tests = f'tests="{len(findings) or 1}" failures="{kinds["failure"]}" errors="{kinds["error"]}"'
    return f'{tests} skipped="{kinds["skipped"]}"' if skips else tests


def _kind(finding: Finding, report: Report) -> str:
    if finding.code == INTERNAL_ERROR:
        return "error"
    return "failure" if finding.severity >= report.fails_from else "skipped"


def _test(path: str, finding: Finding, report: Report, seen: Counter[str]) -> str:
    """The test that FINDING is. Its name holds no line, so that the next build knows it again."""
    name = f"{finding.code} {finding.name} ({escape(finding.entity)})"
    seen[name] += 1
    number = f" #{seen[name]}" if seen[name] > 1 else ""
    kind = _kind(finding, report)
    type_ = f" type={quoteattr(finding.severity.label)}"
    lines = xml_escape("\n".join(explained(finding, report, Terminal())))
    said = f"<{kind}{type_} message={quoteattr(escape(finding.message))}>{lines}</{kind}>"
    return f'<testcase name={quoteattr(name + number)} classname={quoteattr(_class(path))} time="0">{said}</testcase>'


def _class(path: str) -> str:
    """PATH in dots: what stands before the last one is a package to those who read this."""
    return escape(path.removesuffix(".py").replace(".", "_").replace("/", "."))
