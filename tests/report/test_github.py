"""`github`: read as the runner of GitHub Actions reads the log of a step."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from celery_lint.finding import Severity
from celery_lint.report.concise import concise
from celery_lint.report.full import full
from celery_lint.report.github import github, step_summary
from celery_lint.report.markdown import inert
from celery_lint.report.terminal import Terminal
from celery_lint.report.text import escape, tame
from tests.report.samples import NASTY, ODD_PATH, hostile, plain, report


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    data: str


def unescaped(text: str, *, is_property: bool) -> str:
    properties = [(":", "%3A"), (",", "%2C")] if is_property else []
    for char, escaped in [("\r", "%0D"), ("\n", "%0A"), *properties, ("%", "%25")]:
        text = text.replace(escaped, char)
    return text


def command_in(line: str) -> Command | None:
    """What the runner (`ActionCommand.TryParseV2`, then the old form) makes of LINE."""
    stripped = line.lstrip()
    if stripped.startswith("::") and (end := stripped.find("::", 2)) >= 0:
        name, _, properties = stripped[2:end].partition(" ")
        pairs = (each.partition("=") for each in properties.strip().split(",") if each)
        values = {key: unescaped(value, is_property=True) for key, equals, value in pairs if equals}
        return Command(name, values, unescaped(stripped[end + 2 :], is_property=False))
    old = re.search(r"##(?:vso)?\[(\w[\w.-]*)", line)
    return Command(old[1], {}, "") if old else None


def commands(text: bytes) -> list[Command]:
    found = [command_in(line) for line in text.decode().splitlines()]
    return [each for each in found if each is not None]


def test_a_finding_is_an_annotation() -> None:
    assert github(report(plain())).decode() == (
        "::error title=CEL102 run-until-complete-in-task,file=proj/tasks.py,line=1,endLine=1,col=1,endColumn=7"
        "::task `send` drives an event loop by hand: use `asyncio.run()`%0A--> proj/tasks.py:1\n"
    )
    assert github(report()) == b""


def test_the_runner_reads_back_what_was_found() -> None:
    text = github(hostile())
    found = commands(text)
    assert len(text.decode().splitlines()) == len(found) == 5
    nasty, crash, lines, *_ = found
    assert nasty.properties == {
        "title": "CEL102 run-until-complete-in-task", "file": f"backend/{ODD_PATH}", "line": "2", "endLine": "2",
        "col": "7", "endColumn": "35",
    }  # fmt: skip
    assert nasty.data.splitlines()[0] == escape(NASTY)
    assert nasty.data.splitlines()[1] == f"--> backend/{ODD_PATH}:2"
    assert crash.properties["file"] == "backend/pyproject.toml"
    assert (lines.properties["line"], lines.properties["endLine"]) == ("1", "4")
    assert "col" not in lines.properties


def test_the_gravest_come_first() -> None:
    findings = [plain(severity=severity) for severity in (*[Severity.INFO] * 11, Severity.WARNING, Severity.ERROR)]
    names = [each.name for each in commands(github(report(*findings)))]
    assert names == ["error", "warning", *["notice"] * 11]


def test_no_line_for_people_is_a_command() -> None:
    """In the log of a build everything that is printed is read for commands."""
    for writer in (full, concise):
        for terminal in (Terminal(), Terminal(color=True), Terminal(width=40)):
            lines = [tame(line) for line in writer(hostile(shown="::error::/"), terminal)]
            assert [line for line in lines if command_in(line)] == []


@pytest.mark.parametrize("line", ["::error::x", "  ::add-mask::x", "\u3000::x::", "a ##[error]b", "##vso[a.b]", "x"])
def test_a_tame_line_is_no_command(line: str) -> None:
    assert command_in(tame(line)) is None
    assert tame("x :: y ## z [") == "x :: y ## z ["


def test_the_summary_of_a_step() -> None:
    text = step_summary(report(plain()), "https://github.com/o/r/blob/abc/")
    assert text.splitlines() == [
        "### celery-lint: 1 error",
        "",
        "| | Finding |",
        "|---|---|",
        '| <span title="error">🔴</span> | <strong>CEL102</strong> run&#45;until&#45;complete&#45;in&#45;task in '
        '<a href="https://github.com/o/r/blob/abc/proj/tasks.py#L1"><code>proj/tasks&#46;py:1</code></a><br>'
        "task <code>send</code> drives an event loop by hand&#58; use <code>asyncio&#46;run()</code> |",
        "",
        "Read 9 files, 4 with Celery code&#58; 1 app, 7 tasks, 2 queues, 2 workers&#46; 3 suppressed&#46;",
        "",
    ]
    assert "no findings" in step_summary(report())


def test_the_summary_holds_nothing_of_the_project_that_is_markup() -> None:
    text = step_summary(hostile())
    rows = [line for line in text.splitlines() if line.startswith("| <")]
    assert len(rows) == 5
    for row in rows:
        assert row.count("|") == 3
        assert set(re.findall(r"<(\w+)", row)) <= {"span", "code", "br", "a", "strong"}
        assert "http:" not in row
    assert "".join(rows).count("`") == 0


def test_the_summary_stays_below_what_github_takes() -> None:
    text = step_summary(report(*[plain(message="`x`." * 100)] * 3000))
    assert len(text.encode()) < 1024 * 1024
    assert "… and 2800 more." in text
    text = step_summary(report(*[plain(message="`x`." * 10_000)] * 50))
    assert 100_000 < len(text.encode()) < 1024 * 1024
    assert "… and " in text


def test_inert_text_is_read_as_itself() -> None:
    from html import unescape

    assert unescape(inert(NASTY)) == escape(NASTY)
    assert not set(inert(NASTY)) & set("<>`|*_[]\\@:.\"'!{}~$-")
