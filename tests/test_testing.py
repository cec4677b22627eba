"""The runner of executed documentation, tried on a linter that reports every `sleep(` and `nap(`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from celery_lint.finding import Applicability, Confidence, Finding, Fix, Location, Related, Severity, Span
from celery_lint.rule import HIGH, INFO, Rule
from celery_lint.testing import PageError, check, check_project, header, index, lint, parse, with_header

WORDS = {
    b"sleep(": ("CEL901", "sleep", Severity.WARNING),
    b"nap(": ("CEL902", "nap", Severity.INFO),
}


class Sleepless:
    """A linter without Celery: `sleep(` is fixable on request, `nap(` never; #quiet is left alone."""

    def findings(self, root: Path, select: Sequence[str] | None, *, with_fixes: bool) -> list[Finding]:
        return [
            self.finding(file.relative_to(root).as_posix(), word, match.start(), with_fixes)
            for file in sorted(root.rglob("*.*"))
            for word, (code, _, _) in WORDS.items()
            if select is None or code in select
            for match in re.finditer(re.escape(word), file.read_bytes())
        ]

    def finding(self, path: str, word: bytes, start: int, with_fixes: bool) -> Finding:
        code, name, severity = WORDS[word]
        at = Location(path, Span(start, start + len(word) - 1))
        fix = Fix("Wait", Applicability.UNSAFE, ()) if with_fixes and name == "sleep" else None
        related = (Related(Location(path, Span(0, 0)), "the file starts here"),)
        withheld = "a nap is short" if with_fixes and name == "nap" else None
        message = f"`{name}` wastes a slot"
        return Finding(
            code, name, severity, Confidence.HIGH, message, at, path, related=related, fix=fix, withheld=withheld
        )

    def fix(self, root: Path, select: Sequence[str] | None, *, unsafe: bool) -> None:
        for file in root.rglob("*.py"):
            if unsafe:
                file.write_bytes(file.read_bytes().replace(b"sleep(", b"wait("))


def page(*lines: str) -> str:
    return "\n".join(line.replace("'''", "```") for line in lines) + "\n"


def outcome(*lines: str) -> list[str]:
    """The problems of all cases of a page of LINES."""
    return [problem for case in parse(page(*lines), "page.md") for problem in check(case, engine=Sleepless())]


def test_a_met_expectation_passes() -> None:
    assert outcome("# Title", "'''python", 'sleep(1)  # warning: [CEL901] "wastes"', "'''") == []


def test_a_rule_may_be_named_and_a_column_given() -> None:
    assert outcome("# Title", "'''python", "x = sleep(1)  # warning: 5 [sleep]", "'''") == []


def test_notes_about_fix_withheld_and_related_places() -> None:
    assert (
        outcome(
            "# Title",
            "'''python",
            'sleep(1)  # warning: [CEL901] # fix: "unsafe" # related: "proj/tasks.py:1 the file"',
            'nap(1)  # info: [CEL902] # withheld: "short"',
            "'''",
        )
        == []
    )


def test_several_findings_on_one_line() -> None:
    assert outcome("# Title", "'''python", "sleep(nap(1))  # warning: [CEL901]  # info: [CEL902]", "'''") == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("sleep(1)", "page.md:3: unexpected proj/tasks.py:1:1: warning CEL901 sleep `sleep` wastes a slot"),
        (
            "pass  # warning: [CEL901]",
            "page.md:3: expected proj/tasks.py:1: warning [CEL901], but nothing is reported there",
        ),
        ("sleep(1)  # error: [CEL901]", "it is of severity warning"),
        ("sleep(1)  # warning: 2 [CEL901]", "it is in column 1"),
        ('sleep(1)  # warning: [CEL901] "saves"', "its message is '`sleep` wastes a slot'"),
        ('sleep(1)  # warning: [CEL901] # fix: "safe"', "its fix is unsafe, not safe"),
        ('nap(1)  # info: [CEL902] # fix: "safe"', "its fix is none, not safe"),
        ('nap(1)  # info: [CEL902] # withheld: "long"', "the reason why it has no fix is 'a nap is short', not 'long'"),
        ('nap(1)  # info: [CEL902] # related: "else"', "no related place is 'else'"),
        ("nap(1)  # warning: [CEL901]", "but found proj/tasks.py:1:1: info CEL902"),
    ],
)
def test_whatever_differs_is_a_problem_that_shows_both(line: str, problem: str) -> None:
    assert any(problem in each for each in outcome("# Title", "'''python", line, "'''"))


def test_expectations_are_not_in_the_linted_file_and_lines_keep_their_numbers() -> None:
    (case,) = parse(page("# T", "'''python", "a", 'b  # error: [CEL102] "say \\"x\\""', "c  # kept", "'''"), "page.md")
    assert case.files == {"proj/tasks.py": "a\nb\nc  # kept\n"}
    assert [(each.line, each.message) for each in case.expected] == [(2, 'say "x"')]


def test_a_suppression_before_an_expectation_stays() -> None:
    (case,) = parse(
        page("# T", "'''python", "x  # celery-lint: ignore[CEL408] old  # warning: [CEL001]", "'''"), "page.md"
    )
    assert case.files == {"proj/tasks.py": "x  # celery-lint: ignore[CEL408] old\n"}


def test_labels_name_files_and_other_blocks_are_prose() -> None:
    (case,) = parse(
        page(
            *("# CEL102 a rule", "## Example", "'''text", "a traceback", "'''"),
            *("`proj/tasks.py`:", "", "'''python", "pass", "'''"),
            *("`Procfile`:", "'''", "worker: celery -A proj worker", "'''"),
        ),
        "page.md",
    )
    assert case.files == {"proj/tasks.py": "pass\n", "Procfile": "worker: celery -A proj worker\n"}
    assert (case.name, case.select, case.origin("Procfile", 1)) == ("Example", ("CEL102",), "page.md:13")


def test_only_the_rule_of_the_title_runs() -> None:
    assert outcome("# CEL902 nap", "'''python", "sleep(1)", "'''") == []


def test_configuration_is_inherited_and_may_select() -> None:
    (case,) = parse(
        page(
            *("# CEL902 nap", "`pyproject.toml`:", "'''toml", "[tool.celery-lint]", 'select = ["CEL901"]', "'''"),
            *("## Group", "### Inner", "'''python", "pass", "'''"),
        ),
        "page.md",
    )
    assert (case.name, case.select, sorted(case.files)) == ("Group > Inner", None, ["proj/tasks.py", "pyproject.toml"])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("# T", "'''python", "a", "'''", "## U", "'''python", "b", "'''"), "is a test and a group of tests"),
        (("# T", "'''python", "a", "'''", "'''python", "b", "'''"), "is given twice in one test"),
        (("# T", "'''python", "a"), "page.md:2: this fence is never closed"),
        (("# T", "'''yaml", "a: 1  # error: [CEL205]", "'''"), "in a block without a path are never checked"),
        (("# T", "'''python", "a  # error: CEL205", "'''"), "not an expectation"),
        (("# T", "`../x.py`:", "'''python", "a", "'''"), "is not inside the project"),
        (("# T", "`pyproject.toml`:", "'''toml", "", "'''"), "has configuration but no file to lint"),
        (("# T", "'''python", "a", "'''", "`b.py` after `--fix`:", "'''python", "b", "'''"), "was not there before"),
    ],
)
def test_a_page_that_cannot_be_executed_is_refused(lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(PageError, match=re.escape(message)):
        parse(page(*lines), "page.md")


FIXED = ("# T", "'''python", "sleep(1)  # warning: [CEL901]", "'''")


def test_a_fix_is_applied_and_compared() -> None:
    after = ("`proj/tasks.py` after `--unsafe-fixes`:", "'''python", "wait(1)", "'''")
    assert outcome(*FIXED, *after) == []


@pytest.mark.parametrize(
    ("flag", "text", "problem"),
    [
        ("--fix", "wait(1)", "should read\n    wait(1)\nbut reads\n    sleep(1)"),
        ("--unsafe-fixes", "rest(1)", "should read\n    rest(1)\nbut reads\n    wait(1)"),
        ("--unsafe-fixes", "wait(1)  # warning: [CEL901]", "but nothing is reported there"),
        ("--fix", "sleep(1)", "unexpected proj/tasks.py:1:1: warning CEL901"),
    ],
)
def test_a_fix_that_differs_is_a_problem(flag: str, text: str, problem: str) -> None:
    after = (f"`proj/tasks.py` after `{flag}`:", "'''python", text, "'''")
    assert any(problem in each for each in outcome(*FIXED, *after))


def test_a_fix_that_touches_another_file_is_a_problem() -> None:
    found = outcome(
        *("# T", "'''python", "sleep(1)  # warning: [CEL901]", "'''"),
        *("`b.py`:", "'''python", "sleep(2)  # warning: [CEL901]", "'''"),
        *("`proj/tasks.py` after `--unsafe-fixes`:", "'''python", "wait(1)", "'''"),
    )
    assert [each.partition("\n")[0] for each in found] == ["page.md:1: after `--unsafe-fixes`: b.py changed too:"]


def test_lint_takes_settings_as_keywords() -> None:
    class Reads(Sleepless):
        def findings(self, root: Path, select: Sequence[str] | None, *, with_fixes: bool) -> list[Finding]:
            assert (root / "celery-lint.toml").read_text() == 'select = ["CEL901"]\ntime-limits = {"soft" = 1}\n'
            return super().findings(root, select, with_fixes=with_fixes)

    (found,) = lint({"a.py": "é = sleep(1)"}, engine=Reads(), select=["CEL901"], time_limits={"soft": 1})
    assert (found.path, found.line, found.column) == ("a.py", 1, 5)


@pytest.mark.parametrize("line", ["a.py:1 CEL901", "a.py:1:1: warning CEL901 sleep `sleep` wastes a slot"])
def test_a_project_reports_what_its_expected_file_says(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.py").write_text("sleep(1)\n")
    (tmp_path / "expected.txt").write_text(f"{line}\n")
    assert check_project(tmp_path, engine=Sleepless()) == []


def test_a_project_that_differs_says_how_and_can_be_updated(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("sleep(1)\n")
    (tmp_path / "expected.txt").write_text("a.py:2 CEL901\n")
    name = tmp_path.name
    assert check_project(tmp_path, engine=Sleepless()) == [
        f"{name}: not reported: a.py:2 CEL901",
        f"{name}: unexpected a.py:1 CEL901",
    ]
    check_project(tmp_path, update=True, engine=Sleepless())
    assert check_project(tmp_path, engine=Sleepless()) == []


def test_the_header_table_comes_from_the_rule() -> None:
    def check(project: str) -> Iterator[Finding]:
        """A nap | a sleep."""
        return iter(())

    check.__module__ = "celery_lint.rules.task.nap"
    rule = Rule("CEL902", "nap", "0.1", INFO, HIGH, "none", check)
    text = "# CEL902 nap\n<!-- header -->\nold\n<!-- /header -->\nprose\n"
    assert header(rule) in with_header(text, rule)
    assert "old" not in with_header(text, rule)
    assert with_header(with_header(text, rule), rule) == with_header(text, rule)
    assert index([rule]).splitlines()[-1] == r"| [CEL902](task/nap.md) | nap | A nap \| a sleep. | info | none |"
    with pytest.raises(ValueError, match="there is no <!-- header -->"):
        with_header("# CEL902 nap\n", rule)
