"""Completion in shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from celery_lint.catalogue import load_catalogue
from celery_lint.cli import group
from celery_lint.completion import SHELLS, script
from celery_lint.errors import UserError
from celery_lint.pages import titles

ROOT = Path(__file__).parent.parent


def completed(*words: str) -> list[str]:
    """What the last of WORDS may become."""
    completion = BashComplete(group, {}, "celery-lint", "_CELERY_LINT_COMPLETE")
    return [item.value for item in completion.get_completions(list(words[:-1]), words[-1])]


def test_the_first_word_is_a_command_or_a_file() -> None:
    found = completed("ma")
    assert found == ["map", "ma"]
    assert {"check", "explain", "rules"} <= set(completed(""))


def test_options_of_check_need_no_command() -> None:
    assert "--select" in completed("--sel")
    assert completed("--sel") == completed("check", "--sel")
    assert {"--version", "--fix"} <= set(completed("--"))
    assert len(completed("--")) == len(set(completed("--")))


@pytest.mark.parametrize("option", ["--select", "--extend-select", "--ignore"])
def test_rules_are_completed_where_they_are_selected(option: str) -> None:
    assert completed(option, "CEL10")[:2] == ["CEL101", "CEL102"]
    assert completed(option, "print") == ["print-in-task"]
    assert completed(option, "CEL102,print") == ["CEL102,print-in-task"]
    assert {"CEL1", "CEL9"} <= set(completed(option, ""))
    assert "print-in-task" not in completed(option, "")


def test_explain_completes_codes_and_names() -> None:
    assert completed("explain", "cel408") == ["CEL408"]
    assert completed("explain", "blanket") == ["blanket-retry"]
    assert "CEL4" not in completed("explain", "CEL")


def test_the_choices_of_options_are_completed() -> None:
    assert completed("--preset", "s") == ["strict"]


def test_pages_are_titled_as_their_rules_are_called() -> None:
    assert {(code, name) for code, name, _ in titles()} == {(rule.code, rule.name) for rule in load_catalogue().rules}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_of_the_user_is_known(shell: str) -> None:
    assert script(group, None, {"SHELL": f"/usr/bin/{shell}"}) == script(group, shell, {})
    assert "_CELERY_LINT_COMPLETE" in script(group, shell, {})


@pytest.mark.parametrize("environment", [{}, {"SHELL": "/bin/tcsh"}])
def test_another_shell_has_to_be_named(environment: dict[str, str]) -> None:
    with pytest.raises(UserError, match="name your shell"):
        script(group, None, environment)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    program = tmp_path / "celery-lint"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m celery_lint "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "script").write_text(script(group, "bash", {}), encoding="utf-8")
    typed = "COMP_WORDS=(celery-lint --select CEL40); COMP_CWORD=2"
    command = f'source "{tmp_path}/script"; {typed}; _celery_lint_completion celery-lint; echo "${{COMPREPLY[@]}}"'
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split()[:2] == ["CEL401", "CEL402"], done.stderr
