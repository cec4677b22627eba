"""What celery-lint imports: of its own libraries what it needs, of the project nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("libcst", "celery", "kombu")
APP = "from celery import Celery\napp = Celery('proj')\n@app.task\ndef send(): print()\n"
ROUTES = APP + "app.conf.task_routes = {'proj.*': 'mail'}\n"
TRAP = "from pathlib import Path\nPath(__file__).with_suffix('.imported').touch()\n"


def imported(folder: Path, jobs: int = 1) -> set[str]:
    """Which of the HEAVY packages a run over FOLDER imports in its own process, when JOBS others may read."""
    program = (
        "import sys\nfrom celery_lint.cli import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        f"print(*(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--isolated", "--quiet", "--jobs", str(jobs), str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "error" not in done.stderr
    return set(done.stderr.rpartition("\n")[0].rpartition("\n")[2].split())


@pytest.mark.parametrize(
    ("files", "packages"),
    [
        ({"web.py": "import flask\n"}, set()),
        ({"web.py": "import flask\n", "compose.yaml": "services: {}\n"}, set()),
        ({"app.py": APP}, {"libcst"}),
        ({"app.py": ROUTES}, {"libcst", "celery", "kombu"}),
    ],
    ids=["no Celery", "no Celery, but a deployment", "an app", "routes"],
)
def test_libraries_are_loaded_by_those_who_need_them(tmp_path: Path, files: dict[str, str], packages: set[str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert imported(tmp_path) == packages


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no other processes")
def test_other_processes_load_what_reads_and_fixes(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)

    assert imported(tmp_path, jobs=2) == set()


# Names that celery-lint imports itself, and names that Python looks for.
NAMES = ("celery", "click", "yaml", "json", "logging", "libcst", "settings", "conftest", "sitecustomize", "proj")


@pytest.mark.parametrize("start", ["module", "script"])
def test_nothing_of_the_project_is_imported(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, start: str
) -> None:
    script = tmp_path_factory.mktemp("bin") / "celery-lint"
    script.write_text("from celery_lint.start import entry\nentry()\n")
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(TRAP)
    (tmp_path / "tasks.py").write_text(
        TRAP + ROUTES + "app.config_from_object('settings')\nfrom proj import *\nimport celery, click, yaml\n"
    )
    (tmp_path / "Procfile").write_text("worker: celery -A tasks worker -Q mail\n")
    done = subprocess.run(
        [sys.executable, *(["-m", "celery_lint"] if start == "module" else [str(script)]), "--isolated", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert done.returncode in (0, 1), done.stderr
    assert "1 app, 1 task" in done.stderr
    assert sorted(path.name for path in tmp_path.glob("*.imported")) == []
