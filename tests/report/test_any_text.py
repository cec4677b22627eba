"""Whatever a project holds, every format can be read by those who it is for."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from celery_lint.finding import Applicability, Edit, Finding, Fix, Location, Related, Span
from celery_lint.formats import Target, written
from celery_lint.output import FORMATS
from celery_lint.report.github import step_summary
from celery_lint.report.model import Report
from celery_lint.report.terminal import Terminal
from celery_lint.report.text import tame
from celery_lint.source import Source
from tests.report.samples import LOOKED_AT, plain
from tests.report.test_github import command_in
from tests.report.test_html import OURS, Page, nothing

# Signs that mean something to one of the formats come more often than they would by chance.
SIGNS = ["::", "##[", "##vso[", "`", "|", "]]>", "</script>", "<!--", "](", "[", "%0A", "%", "\n", "\r", "\x00", "\x1b",
         "\u202e", "\udc80", "🚀", "\ufffe", "&", "'", '"', "\\", "#", "error", " "]  # fmt: skip
TEXTS = st.lists(st.sampled_from(SIGNS) | st.text(max_size=4), max_size=8).map("".join)
CONTENTS = TEXTS.map(lambda text: text.encode("utf-8", "surrogateescape" if text.isascii() else "replace"))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    path, data = draw(TEXTS.map(lambda text: "a/" + text)), draw(CONTENTS)
    spans = st.tuples(st.integers(0, len(data)), st.integers(0, len(data))).map(lambda pair: Span(*sorted(pair)))

    def location() -> Location:
        return Location(path, draw(spans))

    def finding() -> Finding:
        edits = tuple(Edit(path, draw(spans), draw(TEXTS)) for _ in range(draw(st.integers(0, 1))))
        return plain(
            message=draw(TEXTS),
            location=location(),
            entity=draw(TEXTS),
            related=tuple(Related(location(), draw(TEXTS)) for _ in range(draw(st.integers(0, 2)))),
            fix=draw(st.sampled_from([None, Fix(draw(TEXTS), Applicability.SAFE, edits)])),
            withheld=draw(st.none() | TEXTS),
        )

    findings = tuple(finding() for _ in range(draw(st.integers(0, 3))))
    source = Source(path, data)
    return Report(Path("/project"), findings, 0, LOOKED_AT, lambda _: source, anchor=path)


def splitting(data: bytes, place: int) -> Report:
    """A finding of no length at PLACE."""
    source = Source("a/", data)
    found = plain(location=Location("a/", Span(place, place)))
    return Report(Path("/project"), (found,), 0, LOOKED_AT, lambda _: source, anchor="a/")


def check(name: str, report: Report, text: str) -> None:
    if name in ("json", "sarif", "gitlab"):
        json.loads(text)
    if name == "jsonl":
        assert len([json.loads(line) for line in text.splitlines()]) == len(report.findings)
    if name == "junit":
        assert len(ElementTree.fromstring(text).findall(".//testcase")) == max(1, len(report.findings))
    if name == "html":
        page = Page(text)
        assert {tag for tag, _ in page.tags} <= OURS
        assert len([tag for tag, _ in page.tags if tag == "article"]) == len(report.findings)
    commands = [line for line in text.split("\n") if command_in(line)]
    assert len(commands) == (len(report.findings) if name == "github" else 0), commands


def can_be_read(report: Report) -> None:
    for name in FORMATS:
        content = written(name, report, Target(Terminal(width=40)), nothing)
        if isinstance(content, tuple):
            content = "".join(f"{tame(line)}\n" for line in content).encode("utf-8", "backslashreplace")
        check(name, report, content.decode())
    rows = [line for line in step_summary(replace(report, suppressed=1)).splitlines() if line.startswith("| <")]
    assert len(rows) == len(report.findings)
    assert all(row.count("|") == 3 for row in rows)


@settings(max_examples=20)
@given(reports())
@example(splitting(b"error##[0", 6))
def test_every_format_can_be_read(report: Report) -> None:
    can_be_read(report)


@pytest.mark.slow
@settings(max_examples=400)
@given(reports())
def test_every_format_can_be_read_whatever_comes(report: Report) -> None:
    can_be_read(report)
