"""CONTRIBUTING.md takes somebody from a checkout to a new rule: it is followed word by word."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "CONTRIBUTING.md"
_BLOCK = re.compile(
    r"(?:^`(?P<path>[^`\n]+)`:\n\n)?^(?P<fence>`{3,})(?P<language>\w+)\n(?P<text>.*?)^(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)


def steps() -> Iterator[tuple[str, str]]:
    """What the page lets one write (a path and a text) and run (nothing and a command), in order."""
    _, _, text = PAGE.read_text(encoding="utf-8").partition("## A rule in fifteen minutes")
    for block in _BLOCK.finditer(text.partition("\n## What we hold to\n")[0]):
        if block["path"]:
            yield block["path"], block["text"]
        elif block["language"] == "console":
            yield from (("", line.removeprefix("$ ")) for line in block["text"].splitlines())


def test_the_page_writes_a_rule_and_runs_it() -> None:
    assert [path for path, _ in steps() if path] == [
        "rules/task/single-letter-task.md",
        "celery_lint/rules/task/single_letter_task.py",
        "tests/fixtures/rules/task/single_letter_task.md",
    ]
    assert len([command for path, command in steps() if not path]) == 6


@pytest.mark.parametrize("form", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")), ids=lambda form: form.stem)
def test_the_forms_for_issues_can_be_read(form: Path) -> None:
    data = yaml.safe_load(form.read_text(encoding="utf-8"))
    if form.stem != "config":
        assert {"name", "description", "body"} <= set(data)
        assert all(field["attributes"]["label"] for field in data["body"])
        assert len({field["id"] for field in data["body"]}) == len(data["body"])


@pytest.mark.slow
def test_who_follows_the_page_has_a_rule(tmp_path: Path) -> None:
    checkout = tmp_path / "celery-lint"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns("__pycache__", ".*", "build", "dist"))

    statuses = []
    for path, text in steps():
        if path:
            assert (checkout / path).is_file(), f"new-rule did not write {path}"
            (checkout / path).write_text(text, encoding="utf-8")
        else:
            statuses.append(_run(text, checkout))

    assert statuses == [0, 0, 1, 0, 0, 0]
    assert "CEL498" in (checkout / "rules/README.md").read_text(encoding="utf-8")


def _run(command: str, checkout: Path) -> int:
    """The status of COMMAND in CHECKOUT, of which `.venv` would be."""
    program, *words = shlex.split(command)
    module = {"celery-lint": "celery_lint", "pytest": "pytest"}[program.removeprefix(".venv/bin/")]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-m", module, *words], cwd=checkout, env=environment, capture_output=True, text=True
    )
    sys.stdout.write(f"$ {command}\n{done.stdout}{done.stderr}")
    return done.returncode
