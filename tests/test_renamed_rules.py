"""A rule that was called otherwise before: whatever says the former code or name goes on working, and is told of it.

None of ours was ever renamed, so the rule is the project's own.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from celery_lint.baseline import FILE
from celery_lint.catalogue import load_catalogue
from tests.command_line import Lint

APP = "from celery import Celery\n\napp = Celery('shop', broker='redis://')\n\n\n@app.task\ndef example(): ...\n"
RULE = '''from collections.abc import Iterator

from celery_lint.plugin import HIGH, WARNING, Finding, Task, rule


@rule("{}", "{}", since="1.0", severity=WARNING, confidence=HIGH, former={})
def check(task: Task) -> Iterator[Finding]:
    """Finds examples."""
    yield check.finding(f"`{{task.name}}` is seen", task.location, task.entity)
'''
BEFORE = RULE.format("ACM009", "no-sample", ())
NOW = RULE.format("ACM001", "no-example", ("ACM009", "no-sample"))
WAYS = [("ACM009", "ACM001"), ("no-sample", "no-example")]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.py").write_text(APP)
    (tmp_path / "celery-lint.toml").write_text("rules-path = 'lint'\nselect = ['ACM']\n")
    (tmp_path / "lint").mkdir()
    (tmp_path / "lint/rule.py").write_text(NOW)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CELERY_LINT_OWN_RULES", "1")
    return tmp_path


@pytest.mark.parametrize(("former", "now"), WAYS)
@pytest.mark.parametrize(
    ("line", "key", "status"),
    [
        ("select = ['{}']", "select", 1),
        ("select = ['CEL001']\nextend-select = ['{}']", "extend-select", 1),
        ("select = ['ACM']\nignore = ['{}']", "ignore", 0),
        ("select = ['ACM']\nseverity = {{'{}' = 'info'}}", "severity", 0),
        ("select = ['ACM']\nper-file-ignores = {{'shop.py' = ['{}']}}", "per-file-ignores", 0),
    ],
)
def test_a_configuration_means_it(
    project: Path, lint: Lint, former: str, now: str, line: str, key: str, status: int
) -> None:
    (project / "celery-lint.toml").write_text(f"rules-path = 'lint'\n{line.format(former)}\n")
    done = lint()

    number = 3 if "\n" in line else 2
    assert f'warning: celery-lint.toml:{number}: {key}: "{former}" is called {now} now\n' in done.stderr
    assert done.status == status
    (project / "celery-lint.toml").write_text(f"rules-path = 'lint'\n{line.format(now)}\n")
    again = lint()
    assert (again.status, again.stdout) == (done.status, done.stdout)
    assert "is called" not in again.stderr


@pytest.mark.parametrize(("former", "now"), WAYS)
def test_the_command_line_means_it(project: Path, lint: Lint, former: str, now: str) -> None:
    done = lint("--select", former, "--output-format", "concise")

    assert done.stdout == "shop.py:7:5: warning ACM001 `shop.example` is seen\n"
    assert f'warning: command line: select: "{former}" is called {now} now\n' in done.stderr
    assert lint("explain", former, "--own-rules").status == 0


@pytest.mark.parametrize(("former", "now"), WAYS)
def test_a_comment_silences_it_and_is_not_unused(project: Path, lint: Lint, former: str, now: str) -> None:
    (project / "celery-lint.toml").write_text("rules-path = 'lint'\nselect = ['ACM', 'CEL001']\n")
    (project / "shop.py").write_text(APP.replace("...", f"...  # celery-lint: ignore[{former}] an example"))
    done = lint()

    assert (done.status, done.stdout) == (0, "")
    assert f'warning: shop.py:7: "{former}" is called {now} now\n' in done.stderr
    # What is remembered of a run says it too.
    assert lint().stderr == done.stderr


def test_a_comment_that_silences_nothing_is_unused_under_any_name(project: Path, lint: Lint) -> None:
    (project / "celery-lint.toml").write_text("rules-path = 'lint'\nselect = ['ACM', 'CEL001']\n")
    (project / "shop.py").write_text("X = 1  # celery-lint: ignore[ACM009] an example\n" + APP)

    assert "`ACM009` silences nothing: there is no such finding here" in lint().stdout


def test_a_slip_is_for_what_it_is_called_today(project: Path, lint: Lint) -> None:
    (project / "celery-lint.toml").write_text("rules-path = 'lint'\nselect = ['ACM', 'CEL001']\n")
    (project / "shop.py").write_text(APP.replace("...", "...  # celery-lint: ignore[no-sampel] an example"))
    done = lint()

    assert "there is no rule `no-sampel`, so this silences nothing" in done.stdout
    assert "did you mean `no-sample`" not in done.stdout


def test_a_baseline_of_before_hides_it_and_is_written_anew(project: Path, lint: Lint) -> None:
    (project / "lint/rule.py").write_text(BEFORE)
    lint("baseline")
    (project / "lint/rule.py").write_text(NOW)
    done = lint()

    assert (done.status, done.stdout) == (0, "")
    assert "No findings; 1 in the baseline." in done.stderr
    assert "1 new, 1 gone" in lint("baseline").stderr
    assert [entry["code"] for entry in _entries(project)] == ["ACM001"]
    assert lint().status == 0


def test_a_baseline_of_before_is_pruned_of_what_is_gone(project: Path, lint: Lint) -> None:
    (project / "lint/rule.py").write_text(BEFORE)
    lint("baseline")
    (project / "lint/rule.py").write_text(NOW)
    (project / "shop.py").write_text(APP.replace("@app.task\n", ""))

    assert "1 entry of the baseline matches nothing" in lint().stderr
    # While its rule does not run nothing is known of it.
    lint("baseline", "--prune", "--select", "CEL001")
    assert [entry["code"] for entry in _entries(project)] == ["ACM009"]
    lint("baseline", "--prune")
    assert _entries(project) == []


def test_no_other_rule_may_have_what_it_was_called(project: Path, lint: Lint) -> None:
    (project / "lint/another.py").write_text(BEFORE)
    done = lint()

    assert done.status == 2
    assert "is taken already, by" in done.stderr


def test_what_it_was_called_looks_like_a_code_or_a_name(project: Path, lint: Lint) -> None:
    (project / "lint/rule.py").write_text(RULE.format("ACM001", "no-example", ("old",)))
    done = lint()

    assert done.status == 2
    assert "ACM001: 'old' can be neither a code nor a name that it had" in done.stderr


def test_no_rule_of_ours_is_called_as_another_was() -> None:
    words = [word for rule in load_catalogue().rules for word in rule.words]

    assert len(words) == len(set(words))


def _entries(project: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (project / FILE).read_text().splitlines()[1:]]
