"""Running the command line on a small project."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from celery_lint.cli import main

APP = "from celery import Celery\napp = Celery('proj', broker='redis://')\napp.conf.task_time_limit = 60\n"
TASK = "\n\n@app.task\ndef send(x):\n    print(x)\n"


class Done(NamedTuple):
    status: int
    stdout: str
    stderr: str


Lint = Callable[..., Done]


@pytest.fixture
def lint(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lint:
    """Runs the command line: status, stdout, stderr."""
    for name in ("FORCE_COLOR", "NO_COLOR", "GITHUB_STEP_SUMMARY", "GITHUB_SHA"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["celery-lint", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert isinstance(stopped.value.code, int)
        return Done(stopped.value.code, *capfd.readouterr())

    return run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a folder of a git repository; it is the working directory."""
    root = tmp_path / "repository/backend"
    (root / "proj").mkdir(parents=True)
    (root.parent / ".git").mkdir()
    (root / "proj/app.py").write_text(APP + TASK)
    (root / "celery-lint.toml").write_text("select = ['CEL408']\nfail-level = 'info'\n")
    monkeypatch.chdir(root)
    return root
