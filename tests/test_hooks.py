"""The hooks for pre-commit, tried as pre-commit installs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
TASKS = b"from celery import Celery\napp = Celery('proj')\nx = 1  # celery-lint: ignore[gone-rule]\n"
CONFIGURATION = b"select = ['CEL001']\n"


def test_hooks_see_the_whole_project_and_only_run_for_what_they_read() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_bytes())
    assert [hook["id"] for hook in hooks] == ["celery-lint", "celery-lint-fix"]
    for hook in hooks:
        assert hook["pass_filenames"] is False
        assert hook["require_serial"] is True
        assert "always_run" not in hook
        assert hook["types_or"] == ["python", "yaml", "toml", "makefile", "dockerfile", "shell"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    (tmp_path / "project/tasks.py").write_bytes(TASKS)
    (tmp_path / "project/celery-lint.toml").write_bytes(CONFIGURATION)
    (tmp_path / "project/notes.txt").write_bytes(b"")
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=tmp_path / "project", check=True)
    return tmp_path / "project"


@pytest.mark.slow
def test_pre_commit_runs_the_hooks(project: Path) -> None:
    def try_hook(name: str, *files: str) -> tuple[int, str]:
        # Git sets variables of its own around hooks: in those of this repository they would mean this repository.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), name, "--files", *files],
            cwd=project,
            env={**environment, "PRE_COMMIT_HOME": str(project.parent / "cache"), "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    assert "(no files to check)Skipped" in try_hook("celery-lint", "notes.txt")[1]
    status, output = try_hook("celery-lint", "celery-lint.toml")
    assert status == 1, output
    assert "tasks.py:3:" in output, output
    assert (project / "tasks.py").read_bytes() == TASKS
    status, output = try_hook("celery-lint-fix", "tasks.py")
    assert "files were modified by this hook" in output, output
    assert b"gone-rule" not in (project / "tasks.py").read_bytes()
    assert try_hook("celery-lint", "tasks.py")[0] == 0
