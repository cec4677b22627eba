"""What people and programs are shown."""

from __future__ import annotations

import io
import json as stdlib_json
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace

from celery_lint.finding import Applicability, Confidence, Edit, Finding, Fix, Location, Related, Severity, Span
from celery_lint.project.model import Statistics
from celery_lint.report.concise import concise
from celery_lint.report.fingerprint import fingerprint
from celery_lint.report.full import full
from celery_lint.report.json import json
from celery_lint.report.model import Report
from celery_lint.report.summary import statistics, summary
from celery_lint.report.terminal import Terminal, terminal_for
from celery_lint.report.text import escape, width
from celery_lint.source import Source

PLAIN = Terminal()
SCHEMAS = Path(__file__).parent.parent / "celery_lint/schemas"


def marked(text: str, path: str = "proj/tasks.py") -> tuple[Source, Span]:
    """A file, and the span of what stands between « and » in it."""
    before, _, rest = text.partition("«")
    inside, _, after = rest.partition("»")
    start = len(before.encode())
    return Source(path, (before + inside + after).encode()), Span(start, start + len(inside.encode()))


def finding(span: Span, path: str = "proj/tasks.py", /, **changes: object) -> Finding:
    base = Finding(
        code="CEL102",
        name="run-until-complete-in-task",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message="`send` drives an event loop by hand",
        location=Location(path, span),
        entity="task:proj.tasks.send",
    )
    return replace(base, **changes)


def report(*findings: Finding, sources: tuple[Source, ...] = (), looked_at: Statistics | None = None) -> Report:
    files = {source.path: source for source in sources}
    found = Statistics(files=9, celery_files=4, apps=1, tasks=7, queues=2, workers=2)
    return Report(Path("/home/me/proj"), findings, 0, looked_at or found, files.__getitem__)


def shown(text: str, terminal: Terminal = PLAIN, **changes: object) -> str:
    """How one finding at «…» in TEXT is shown, from the place on."""
    source, span = marked(text)
    return "\n".join(list(full(report(finding(span, **changes), sources=(source,)), terminal))[1:])


def test_full() -> None:
    source, span = marked("import asyncio\n\n\ndef send():\n    loop = «asyncio.get_event_loop()»\n")
    compose, at_command = marked("services:\n  mail:\n    command: «celery -A proj worker -Q mail»\n", "compose.yaml")
    complete = finding(
        span,
        related=(
            Related(Location("proj/tasks.py", Span(16, 20)), "reached from task `proj.tasks.send`"),
            Related(Location("compose.yaml", at_command), "which this worker runs"),
        ),
        fix=Fix("Run the coroutine with `asyncio.run`", Applicability.SAFE, ()),
    )
    assert "\n".join(full(report(complete, sources=(source, compose)), PLAIN)) == (
        "error[CEL102] `send` drives an event loop by hand\n"
        " --> proj/tasks.py:5:12\n"
        "  |\n"
        "5 |     loop = asyncio.get_event_loop()\n"
        "  |            ^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  |\n"
        "  = proj/tasks.py:3:1: reached from task `proj.tasks.send`\n"
        "  = compose.yaml:3:14: which this worker runs\n"
        "  = fix: Run the coroutine with `asyncio.run` (--fix)\n"
        "  = run-until-complete-in-task: celery-lint explain CEL102\n"
    )


def test_marks_stand_under_what_is_meant_whatever_the_width_of_characters() -> None:
    for line, below in (
        ("\t«x»\ty", "      |     ^"),
        ("名前 = «値»", "      |        ^^"),
        ("e\u0301 = «x»", "      |     ^"),
        ("«»x", "      | ^"),
        ("x «\x1b»", "      |   ^^^^"),
    ):
        rows = shown("\n" * 9999 + line).splitlines()
        assert rows[3].rstrip() == below, line


def test_a_long_line_is_cut_around_what_is_meant() -> None:
    text = "x = [" + "1, " * 100 + "«wrong»" + ", 2" * 100 + "]\n"
    rows = shown(text, Terminal(width=60)).splitlines()
    assert max(map(width, rows[:4])) <= 60
    assert rows[2].startswith("1 | …")
    assert rows[2].endswith("…")
    start = rows[3].index("^")
    assert rows[2][start : start + 5] == "wrong"
    assert rows[3].count("^") == 5


def test_several_lines_are_marked_beside() -> None:
    assert shown("x = «run(\n    1,\n)»\n").splitlines()[1:6] == [
        "  |",
        "1 | / x = run(",
        "2 | |     1,",
        "3 | | )",
        "  | |_^",
    ]


def test_many_lines_are_left_out() -> None:
    rows = shown("«" + "".join(f"line{number}\n" for number in range(1, 21)) + "»").splitlines()
    assert [row[:6].rstrip() for row in rows[2:10]] == [
        " 1 | /", " 2 | |", " 3 | |", " 4 | |", " … | |", "19 | |", "20 | |", "   | |",
    ]  # fmt: skip


def test_many_related_places_are_capped() -> None:
    related = tuple(Related(Location("proj/tasks.py", Span(0, 1)), f"number {number}") for number in range(17))
    rows = shown("«x» = 1", related=related).splitlines()
    assert sum("number" in row for row in rows) == 5
    assert "  = … and 12 more" in rows


def test_one_place_is_never_left_out_for_a_line_that_says_so() -> None:
    related = tuple(Related(Location("proj/tasks.py", Span(0, 1)), f"number {number}") for number in range(6))
    assert "more" not in shown("«x» = 1", related=related)


def test_places_of_which_the_same_is_said_are_one_note() -> None:
    again = tuple(Related(Location("proj/tasks.py", Span(line, line)), "and here") for line in range(9))
    path = Related(Location("proj/tasks.py", Span(0, 1)), "reached from task `proj.tasks.send`")
    assert shown("\n" * 9 + "«x»", related=(*again, path)).splitlines()[5:7] == [
        "   = proj/tasks.py:1:1: and here (also lines 2, 3, 4, 5 and 4 more)",
        "   = proj/tasks.py:1:1: reached from task `proj.tasks.send`",
    ]
    assert "also" not in shown("\n" * 9 + "«x»", related=(*again[:2], path))


def test_a_withheld_fix_is_explained() -> None:
    assert "  = no automatic fix: the loop is shared" in shown("«x»", withheld="the loop is shared")


def test_long_messages_are_wrapped_under_their_start() -> None:
    source, span = marked("«x»")
    message = "task `proj.send` drives an event loop by hand: `async with Session() as session:` and so on, and on"
    wide = finding(span, message=message, withheld="because " + "it " * 20 + "cannot")
    lines = list(full(report(wide, sources=(source,)), Terminal(width=60)))
    assert lines[:3] == [
        "error[CEL102] task `proj.send` drives an event loop by hand:",
        "              `async with Session() as session:` and so on,",
        "              and on",
    ]
    assert lines[-4:-2] == [
        "  = no automatic fix: because it it it it it it it it it it",
        "    it it it it it it it it it it cannot",
    ]


def test_the_message_is_bold_as_far_as_it_names_the_thing() -> None:
    source, span = marked("«x»")
    said = finding(span, message="task `x: y` runs for ever: it occupies a slot")
    first = next(full(report(said, sources=(source,)), Terminal(color=True)))
    assert first.endswith(" \033[1mtask `x: y` runs for ever:\033[0m it occupies a slot")


def test_a_rule_is_explained_once() -> None:
    source, span = marked("«x»")
    lines = list(full(report(finding(span), finding(span), sources=(source,)), PLAIN))
    assert sum("celery-lint explain" in line for line in lines) == 1


@pytest.mark.parametrize(
    ("applicability", "hint"),
    [
        (Applicability.SAFE, "(--fix)"),
        (Applicability.UNSAFE, "(--fix --unsafe-fixes)"),
        (Applicability.DISPLAY, "(by hand)"),
    ],
)
def test_how_to_get_a_fix(applicability: Applicability, hint: str) -> None:
    assert f"= fix: Do it {hint}" in shown("«x»", fix=Fix("Do it", applicability, ()))


def test_a_finding_in_an_empty_file_has_no_excerpt() -> None:
    assert shown("«»") == " --> proj/tasks.py:1:1\n  |\n  = run-until-complete-in-task: celery-lint explain CEL102\n"


def test_a_finding_about_the_project_names_its_root() -> None:
    crash = finding(Span(0, 0), ".", code="internal-error", name="internal-error")
    assert list(full(report(crash), PLAIN))[1:] == [" --> /home/me/proj", ""]
    assert list(concise(report(crash), PLAIN)) == [".:1:1: error internal-error `send` drives an event loop by hand"]


def test_concise() -> None:
    source, span = marked("x\n  «y»")
    fixable = finding(span, fix=Fix("Do it", Applicability.UNSAFE, ()))
    assert list(concise(report(fixable, sources=(source,)), PLAIN)) == [
        "proj/tasks.py:2:3: error CEL102 `send` drives an event loop by hand [unsafe fix]"
    ]


def test_paths_lead_from_the_working_directory() -> None:
    source, span = marked("«x»")
    elsewhere = replace(report(finding(span), sources=(source,)), shown="../proj/")
    assert next(concise(elsewhere, PLAIN)).startswith("../proj/proj/tasks.py:1:1:")
    assert stdlib_json.loads(json(elsewhere))["findings"][0]["path"] == "proj/tasks.py"


def test_only_some_paths() -> None:
    source, span = marked("«x»")
    everything = report(
        finding(span, "a/b.py"), finding(span, "a/bc.py"), finding(span, "c.py"), finding(span, "."), sources=(source,)
    )
    assert [each.location.path for each in everything.only(["a/b.py"]).findings] == ["a/b.py", "."]
    assert [each.location.path for each in everything.only(["a", "c.py"]).findings] == [
        "a/b.py",
        "a/bc.py",
        "c.py",
        ".",
    ]
    assert everything.only(["c.py", "."]) == everything


def test_colours_and_links() -> None:
    source, span = marked("«x»")
    linked = replace(report(finding(span), sources=(source,)), urls={"CEL102": "https://example.org/CEL102"})
    text = "\n".join(full(linked, Terminal(color=True, links=True)))
    assert "\033]8;;https://example.org/CEL102\033\\" in text
    assert "/home/me/proj/proj/tasks.py\033\\proj/tasks.py:1:1\033]8;;\033\\" in text
    assert "\033" not in "\n".join(full(linked, PLAIN))


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "choice", "is_screen", "color", "links"),
    [
        ({}, "auto", True, True, False),
        ({}, "auto", False, False, False),
        ({"TERM_PROGRAM": "WezTerm"}, "auto", True, True, True),
        ({"VTE_VERSION": "7600"}, "auto", True, True, True),
        ({"VTE_VERSION": "4000"}, "auto", True, True, False),
        ({"TERM_PROGRAM": "WezTerm", "TERM": "tmux-256color"}, "auto", True, True, False),
        ({"TERM_PROGRAM": "WezTerm", "CI": "1"}, "auto", True, True, False),
        ({"TERM_PROGRAM": "WezTerm"}, "always", False, True, False),
        ({"TERM": "dumb"}, "auto", True, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, "auto", True, False, False),
        ({"NO_COLOR": ""}, "auto", True, True, False),
        ({"FORCE_COLOR": "1"}, "auto", False, True, False),
        ({"FORCE_COLOR": "0"}, "auto", True, False, False),
        ({"NO_COLOR": "1"}, "always", False, True, False),
        ({"FORCE_COLOR": "1"}, "never", True, False, False),
    ],
)
def test_what_the_terminal_can(
    environment: dict[str, str], choice: str, is_screen: bool, color: bool, links: bool
) -> None:
    terminal = terminal_for(Screen() if is_screen else io.StringIO(), environment, choice)  # type: ignore[arg-type]
    assert (terminal.color, terminal.links) == (color, links)


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("plain ünïcödé 日本", "plain ünïcödé 日本"),
        ("\x1b[31m\x07\x7f", "\\x1b[31m\\x07\\x7f"),
        ("a\nb\tc\r", "a\\x0ab\\x09c\\x0d"),
        ("\u202eevil\u2066\u200b\x9b", "\\u202eevil\\u2066\\u200b\\x9b"),
        ("\udcff", "\\xff"),
        ("a\u00a0b", "a\u00a0b"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_nothing_from_a_project_commands_the_terminal(text: str, harmless: str) -> None:
    assert escape(text) == harmless


def test_summary() -> None:
    source, span = marked("«x»")
    fix = Fix("Do it", Applicability.SAFE, ())
    found = (
        finding(span, fix=fix),
        finding(span, fix=replace(fix, applicability=Applicability.UNSAFE)),
        finding(span, severity=Severity.INFO),
    )
    text = summary(replace(report(*found, sources=(source,)), suppressed=3), PLAIN)
    assert text == (
        "Read 9 files, 4 with Celery code: 1 app, 7 tasks, 2 queues, 2 workers. "
        "Found 2 errors, 1 info; 1 fixable with --fix; 1 more with --fix --unsafe-fixes; 3 suppressed."
    )
    assert summary(report(), PLAIN).endswith(" workers. No findings.")
    assert "2 fixable with --fix --unsafe-fixes." in summary(report(found[1], found[1]), PLAIN)


def test_a_project_without_celery_is_said_loudly() -> None:
    text = summary(report(looked_at=Statistics(files=1)), PLAIN)
    assert text == "warning: no Celery code in /home/me/proj: read 1 file, nothing to judge. No findings."


def test_statistics() -> None:
    span = Span(0, 0)
    lines = list(statistics(report(*[finding(span)] * 11, finding(span, code="CEL408", name="print-in-task")), PLAIN))
    assert lines == ["11  CEL102  run-until-complete-in-task", " 1  CEL408  print-in-task"]
    assert list(statistics(report(), PLAIN)) == []


def document(*findings: Finding, sources: tuple[Source, ...]) -> dict[str, object]:
    text: dict[str, object] = stdlib_json.loads(json(report(*findings, sources=sources)))
    jsonschema.validate(text, stdlib_json.loads((SCHEMAS / "findings-v1.json").read_text()))
    return text


def test_json() -> None:
    source, span = marked("\ufeffä = 1\n日本 = «run(\n)»\n")
    edits = (Edit("proj/tasks.py", span, "ü"),)
    complete = finding(
        span,
        related=(Related(Location("proj/tasks.py", Span(3, 5)), "here"),),
        fix=Fix("Do it", Applicability.SAFE, edits),
    )
    place = {"path": "proj/tasks.py", "line": 1, "column": 1, "end_line": 1, "end_column": 2, "message": "here"}
    assert document(complete, sources=(source,)) == {
        "version": 1,
        "tool": {"name": "celery-lint", "version": "0.1.0"},
        "findings": [
            {
                "code": "CEL102",
                "name": "run-until-complete-in-task",
                "severity": "error",
                "confidence": "high",
                "message": "`send` drives an event loop by hand",
                "path": "proj/tasks.py",
                "line": 2,
                "column": 6,
                "end_line": 3,
                "end_column": 2,
                "entity": "task:proj.tasks.send",
                "related": [place],
                "fix": {
                    "applicability": "safe",
                    "title": "Do it",
                    "edits": [
                        {
                            "path": "proj/tasks.py",
                            "start": {"line": 2, "column": 6},
                            "end": {"line": 3, "column": 2},
                            "text": "ü",
                        }
                    ],
                },
                "fix_withheld": None,
                "fingerprint": fingerprint(complete, source),
                "url": None,
            }
        ],
        "summary": {
            "files": 9, "celery_files": 4, "apps": 1, "tasks": 7, "queues": 2, "workers": 2, "errors": 1, "warnings": 0,
            "infos": 0, "fixable": 1, "suppressed": 0, "baselined": 0,
        },
    }  # fmt: skip


def test_json_of_a_crash_and_of_names_that_are_no_text() -> None:
    source = Source("\udcff.py", b"x")
    crash = finding(Span(0, 0), ".", code="internal-error", name="internal-error")
    odd = finding(Span(0, 1), "\udcff.py", withheld="No automatic fix: it is odd.")
    findings = document(crash, odd, sources=(source,))["findings"]
    assert isinstance(findings, list)
    assert [(each["path"], each["fix_withheld"]) for each in findings] == [
        (".", None),
        ("\\xff.py", "No automatic fix: it is odd."),
    ]


def test_a_fingerprint_survives_moves_and_reformatting_only() -> None:
    def of(text: str, **changes: object) -> str:
        source, span = marked(text)
        return fingerprint(finding(span, **changes), source)

    known = of("«run(1, 2)»")
    assert of("\n\nif x:\n    «run(1,\n        2)»") == known
    assert of("«run(1, 3)»") != known
    assert of("«run(1, 2)»", entity="task:other") != known
    assert of("«run(1, 2)»", code="CEL101") != known
    assert of("«run(1, 2)»", message="other words", severity=Severity.INFO) == known
