"""The hooks for pre-commit, tried as pre-commit installs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests import repositories

ROOT = Path(__file__).parent.parent
TASKS = b"from celery import Celery\napp = Celery('proj')\nx = 1  # celery-lint: ignore[gone-rule]\n"
NAMES = ["celery-lint", "celery-lint-fix"]
CONFIGURATION = b"select = ['CEL001']\n"


def test_hooks_see_the_whole_project_and_only_run_for_what_they_read() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_bytes())
    assert [hook["id"] for hook in hooks] == NAMES
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
    hooks = project.parent / "hooks"
    shutil.copytree(ROOT, hooks, ignore=shutil.ignore_patterns("__pycache__", ".git", ".*_cache", ".venv", "build"))
    commit = repositories.commit(hooks)
    configuration = {"repos": [{"repo": str(hooks), "rev": commit, "hooks": [{"id": name} for name in NAMES]}]}
    (project.parent / "hooks.yaml").write_text(yaml.safe_dump(configuration))

    def try_hook(name: str, *files: str) -> tuple[int, str]:
        # Git sets variables of its own around hooks: in those of this repository they would mean this repository.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        command = ["run", "--config", str(project.parent / "hooks.yaml"), name, "--files", *files]
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", *command],
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
