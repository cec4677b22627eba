"""Rules that are not ours: of the project, of packages, and how one begins."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from celery_lint.testing import CeleryLint, check, load
from tests.command_line import Lint

APP = "from celery import Celery\n\napp = Celery('shop', broker='redis://')\n\n\n@app.task\ndef example(): ...\n"
RULE = '''from collections.abc import Iterator

from celery_lint.plugin import HIGH, WARNING, Finding, Task, rule
{}

@rule("{}", "{}", since="1.0", severity=WARNING, confidence=HIGH)
def check(task: Task) -> Iterator[Finding]:
    """Finds examples."""
    yield check.finding(f"`{{task.name}}` is seen", task.location, task.entity)
'''
GUIDE = Path(__file__).parent.parent / "docs" / "own-rules.md"


def rule(code: str = "ACM001", name: str = "no-example", extra: str = "") -> str:
    return RULE.format(extra, code, name)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.py").write_text(APP)
    (tmp_path / "celery-lint.toml").write_text("rules-path = 'lint'\nselect = ['ACM']\n")
    (tmp_path / "lint").mkdir()
    (tmp_path / "lint/no_example.py").write_text(rule())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CELERY_LINT_OWN_RULES", raising=False)
    return tmp_path


def test_the_projects_rules_run_when_asked_for(project: Path, lint: Lint) -> None:
    done = lint("--own-rules", "--output-format", "concise")
    assert done.stdout == "shop.py:7:5: warning ACM001 `shop.example` is seen\n"
    assert done.status == 1


def test_the_environment_may_ask_for_them(project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_LINT_OWN_RULES", "1")
    assert "ACM001" in lint().stdout


def test_nothing_of_the_project_runs_unasked(project: Path, lint: Lint) -> None:
    (project / "lint/no_example.py").write_text(f"open({str(project / 'ran')!r}, 'w')\n")
    (project / "celery-lint.toml").write_text("rules-path = 'lint'\n")
    for command in ((), ("map",), ("config",), ("rules",), ("explain", "CEL102")):
        lint(*command)
    assert not (project / "ran").exists()


def test_a_run_without_them_says_so(project: Path, lint: Lint) -> None:
    (project / "celery-lint.toml").write_text("rules-path = 'lint'\n")
    done = lint()
    assert "ACM001" not in done.stdout
    assert "the rules in lint did not run: they are code of the project, and --own-rules runs them" in done.stderr


def test_a_selection_of_rules_that_may_not_run_says_why_they_are_unknown(project: Path, lint: Lint) -> None:
    done = lint()
    assert done.status == 2
    assert "(the rules in lint are code of the project: --own-rules runs them)" in done.stderr


def test_they_are_explained_and_listed(project: Path, lint: Lint) -> None:
    (project / "lint/no-example.md").write_text("# ACM001 no-example\n\nOur page.\n")
    assert lint("explain", "ACM001", "--own-rules").stdout == "# ACM001 no-example\n\nOur page.\n"
    assert "ACM001  no-example" in lint("rules", "--own-rules").stdout
    assert lint("explain", "ACM001").status == 2


@pytest.mark.parametrize("command", [("map", "--format"), ("check", "--output-format")])
def test_pages_of_html_explain_them(project: Path, lint: Lint, command: tuple[str, str]) -> None:
    (project / "lint/no-example.md").write_text("# ACM001 no-example\n\n## What it finds\n\nOur page.\n")
    assert "Our page." in lint(*command, "html", "--own-rules").stdout


def test_a_comment_silences_them(project: Path, lint: Lint) -> None:
    (project / "shop.py").write_text(APP.replace("...", "...  # celery-lint: ignore[ACM001] an example"))
    done = lint("--own-rules")
    assert (done.status, done.stdout) == (0, "")
    assert "1 suppressed" in done.stderr


def test_a_rule_that_has_changed_is_run_anew(project: Path, lint: Lint) -> None:
    assert lint("--own-rules").status == 1
    (project / "lint/no_example.py").write_text(rule().replace("is seen", "is seen again"))
    assert "is seen again" in lint("--own-rules").stdout


def test_a_helper_that_has_changed_is_noticed_although_the_project_excludes_it(project: Path, lint: Lint) -> None:
    (project / ".gitignore").write_text("lint/\n")
    (project / "lint/words.py").write_text("WORD = 'one'\n")
    said = rule(extra="from .words import WORD").replace("is seen", "{WORD}")
    (project / "lint/no_example.py").write_text(said)
    assert "`shop.example` one" in lint("--own-rules").stdout
    (project / "lint/words.py").write_text("WORD = 'another'\n")
    assert "`shop.example` another" in lint("--own-rules").stdout


def test_no_compiled_file_is_left(project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert lint("--own-rules").status == 1
    assert [file.name for file in (project / "lint").iterdir()] == ["no_example.py"]
    assert not sys.dont_write_bytecode


def test_tests_beside_rules_are_not_loaded(project: Path, lint: Lint) -> None:
    for name in ("test_rules.py", "conftest.py", "no_example_test.py"):
        (project / "lint" / name).write_text("raise SystemExit(5)\n")
    assert lint("--own-rules").status == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = (\n", "lint/broken.py cannot be loaded: SyntaxError"),
        ("raise ValueError('no\\nway')\n", "lint/broken.py cannot be loaded: ValueError: no way"),
        ("raise SystemExit(0)\n", "lint/broken.py cannot be loaded: ImportError: it exits"),
        (rule("CEL999", "our-own"), "'CEL999' is no code: three capitals (not CEL) and three digits"),
        (rule("ACM2", "our-own"), "'ACM2' is no code"),
        (rule("ACM002", "Example"), "'Example' is no name"),
        (rule("ACM001", "another-name"), "ACM001 is taken already, by "),
        (rule("ACM002", "print-in-task"), "print-in-task is taken already, by "),
        (rule("ACM002", "our-own").replace("task: Task", "task"), "what the rule is asked about is unclear"),
    ],
)
def test_a_rule_that_cannot_be_used_is_one_line(project: Path, lint: Lint, text: str, message: str) -> None:
    (project / "lint/broken.py").write_text(text)
    done = lint("--own-rules")
    assert done.status == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_rule_that_crashes_is_a_finding(project: Path, lint: Lint) -> None:
    (project / "lint/no_example.py").write_text(rule().replace("    yield", "    task.nothing\n    yield"))
    done = lint("--own-rules")
    assert done.status == 3
    assert "ACM001 (no-example) crashed" in done.stdout


@pytest.mark.parametrize(
    ("path", "message"),
    [("nowhere", "there is no folder nowhere"), ("../elsewhere", "../elsewhere is outside of the repository")],
)
def test_a_folder_that_cannot_be_used_is_one_line(project: Path, lint: Lint, path: str, message: str) -> None:
    (project.parent / "elsewhere").mkdir(exist_ok=True)
    (project / "celery-lint.toml").write_text(f"rules-path = '{path}'\n")
    done = lint("--own-rules")
    assert (done.status, done.stderr) == (2, f"error: celery-lint.toml:1: rules-path: {message}\n")


def test_a_folder_without_rules_is_said(project: Path, lint: Lint) -> None:
    (project / "lint/no_example.py").write_text("")
    done = lint("--own-rules")
    assert done.status == 2
    assert "there is no rule in " in done.stderr


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs a package `acme_rules` of one rule, with the entry point of the value given."""
    folder = tmp_path / "site"
    (folder / "acme_rules").mkdir(parents=True)
    (folder / "acme_rules/__init__.py").write_text("")
    (folder / "acme_rules/no_example.py").write_text(rule())
    (folder / "acme_rules/no-example.md").write_text("# ACM001 no-example\n\nThe package's page.\n")
    monkeypatch.syspath_prepend(str(folder))

    def install(value: str) -> None:
        info = folder / "acme_rules-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[celery_lint.rules]\nacme = {value}\n")
        importlib.invalidate_caches()

    yield install
    for name in [each for each in sys.modules if each.startswith("acme_rules")]:
        del sys.modules[name]


@pytest.mark.parametrize("value", ["acme_rules", "acme_rules.no_example", "acme_rules.no_example:check"])
def test_the_rules_of_an_installed_package_run(
    project: Path, lint: Lint, installed: Callable[[str], None], value: str
) -> None:
    (project / "celery-lint.toml").write_text("select = ['ACM001']\n")
    installed(value)
    assert lint("--output-format", "concise").stdout == "shop.py:7:5: warning ACM001 `shop.example` is seen\n"
    assert "The package's page." in lint("explain", "no-example").stdout


def test_a_package_that_cannot_be_loaded_is_one_line(
    project: Path, lint: Lint, installed: Callable[[str], None]
) -> None:
    installed("acme_rules.gone")
    done = lint()
    assert done.status == 2
    assert done.stderr.startswith("error: the rules of the package acme-rules cannot be loaded: ModuleNotFoundError")


def test_a_new_rule_passes_its_own_tests(project: Path, lint: Lint) -> None:
    done = lint("new-rule", "ACM002", "name-your-thing")
    assert done.stdout.splitlines() == ["lint/name_your_thing.py", "lint/name-your-thing.md", "lint/test_rules.py"]
    cases = load(project / "lint/name-your-thing.md")
    assert [check(case, engine=CeleryLint(project / "lint")) for case in cases] == [[], [], []]
    assert any(case.expected for case in cases)
    assert compile((project / "lint/test_rules.py").read_text(), "test_rules.py", "exec")


def test_a_new_rule_says_how_to_make_it_known(project: Path, lint: Lint) -> None:
    (project / "celery-lint.toml").write_text("")
    assert 'Set `rules-path = "celery_rules"` in the configuration' in lint("new-rule", "ACM002", "a-rule").stderr
    assert (project / "celery_rules/a_rule.py").is_file()


def test_a_new_rule_overwrites_nothing(project: Path, lint: Lint) -> None:
    (project / "lint/no-thing.md").write_text("mine\n")
    done = lint("new-rule", "ACM002", "no-thing")
    assert (done.status, done.stderr) == (2, f"error: {project / 'lint/no-thing.md'} exists already\n")
    assert not (project / "lint/no_thing.py").exists()
    assert (project / "lint/no-thing.md").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("CEL101", "a-rule"), '"CEL101" is no code: three capitals (not CEL, which is ours) and three digits'),
        (("acm001", "a-rule"), '"acm001" is no code'),
        (("ACM003", "rule"), '"rule" is no name: two or more words in small letters, joined by -'),
        (("ACM003", "../../a-rule"), '"../../a-rule" is no name'),
        (("ACM003", "print-in-task"), "there is a rule CEL408 print-in-task already"),
    ],
)
def test_a_new_rule_has_a_code_and_a_name(project: Path, lint: Lint, arguments: tuple[str, ...], message: str) -> None:
    done = lint("new-rule", *arguments)
    assert done.status == 2
    assert message in done.stderr


def test_the_example_of_the_guide_works(tmp_path: Path) -> None:
    blocks = re.findall(r"^`(celery_rules/[\w.-]+)`:\n\n(`{3,})\w+\n(.*?)^\2$", GUIDE.read_text(), re.M | re.S)
    (tmp_path / "celery_rules").mkdir()
    for path, _, text in blocks:
        (tmp_path / path).write_text(text)
    assert [path for path, *_ in blocks] == [
        "celery_rules/payments_have_their_queue.py",
        "celery_rules/payments-have-their-queue.md",
    ]
    cases = load(tmp_path / blocks[1][0])
    assert [check(case, engine=CeleryLint(tmp_path / "celery_rules")) for case in cases] == [[], [], []]
