"""Running the command line on a small project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import Lint

APP = "from celery import Celery\napp = Celery('proj', broker='redis://')\napp.conf.task_time_limit = 60\n"
TASK = "\n\n@app.task\ndef send(x):\n    print(x)\n"


@pytest.fixture
def lint(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> Lint:
    """Runs the command line as if no CI did."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_SHA"):
        monkeypatch.delenv(name, raising=False)
    return lint


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
