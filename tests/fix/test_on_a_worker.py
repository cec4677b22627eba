"""Tasks do the same after they were fixed: each is run by a real worker before and after, and returns the same."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from celery_lint.api import fix_tree
from tests.figures import record

WORKER = Path(__file__).parent.parent / "fixtures" / "worker"
# Tasks whose own code is as it was: what they call was fixed.
CALLED = {"loops.through_a_helper": "run"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    shutil.copytree(WORKER / "project", root)
    return root


@pytest.mark.slow
def test_fixed_tasks_return_what_they_returned(project: Path, update: bool) -> None:
    before = results(project)
    old = functions(project)

    fix_tree(project, unsafe=True)
    new = functions(project)
    after = results(project)

    assert len(before) >= 30
    assert not [value for value in before.values() if "Error" in value]
    assert [name for name in before if old[code_of(name)] == new[code_of(name)]] == [], "nothing was fixed there"
    assert after == before
    if update:
        record(
            {"fixed tasks run by a worker before and after": len(after), "fixed tasks that returned something else": 0}
        )


def code_of(task: str) -> str:
    """The function that is fixed when TASK (`loops.bound`) is."""
    module, _, name = task.partition(".")
    return f"{module}.{CALLED.get(task, name)}"


def functions(root: Path) -> dict[str, str]:
    """The code of each function, by module and name, without its layout."""
    return {
        f"{path.stem}.{node.name}": ast.dump(node)
        for path in (root / "proj").glob("*.py")
        for node in ast.parse(path.read_bytes()).body
        if isinstance(node, ast.FunctionDef)
    }


def results(root: Path) -> dict[str, str]:
    """What a worker makes of each task, as `repr`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(WORKER / "stubs")])}
    command = [sys.executable, str(WORKER / "driver.py")]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr.decode()
    values = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(values, dict)
    return values
