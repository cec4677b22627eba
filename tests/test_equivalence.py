"""`benchmarks/equivalence.py`: with whatever it remembers, celery-lint says the same."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECTS = sorted(path.parent for path in (ROOT / "tests/fixtures/projects").glob("*/expected.txt"))
# The others take long: each is linted a dozen times, in processes of their own.
_QUICK = ("no-celery",)


@pytest.mark.parametrize(
    "folder",
    [pytest.param(each, id=each.name, marks=() if each.name in _QUICK else pytest.mark.slow) for each in PROJECTS],
)
def test_a_cache_changes_nothing(folder: Path) -> None:
    done = compare(folder)

    assert (done.returncode, done.stdout) == (0, f"{folder.name}: identical\n"), done.stderr


def test_a_difference_is_found(tmp_path: Path) -> None:
    # A linter that says something else each time.
    liar = tmp_path / "benchmarks"
    liar.mkdir()
    for name in ("equivalence.py", "checkout.py", "tools.py"):
        (liar / name).write_bytes((ROOT / "benchmarks" / name).read_bytes())
    (tmp_path / "celery_lint.py").write_text("import time\nprint(time.perf_counter_ns())\n")
    done = compare(ROOT / "tests/fixtures/projects/demo", tmp_path)

    assert done.returncode == 1
    assert done.stdout.startswith("demo: differs: four processes; empty cache; nothing changed; ")


@pytest.mark.parametrize("place", ["project", "project/copy", "."])
def test_a_checkout_is_never_replaced_by_its_copy(tmp_path: Path, place: str) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project/app.py").write_text("x = 1\n")
    copy = "from pathlib import Path\nfrom checkout import copied\n" + f"copied('x', Path('project'), Path({place!r}))"
    command = [sys.executable, "-c", f"import sys\nsys.path.insert(0, {str(ROOT / 'benchmarks')!r})\n{copy}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "choose another" in done.stderr
    assert (tmp_path / "project/app.py").read_text() == "x = 1\n"


@pytest.mark.slow
def test_files_that_are_not_opened_have_nothing_to_say() -> None:
    folders = [ROOT / "tests/fixtures/projects" / name for name in ("demo", "django-shop")]
    command = [sys.executable, str(ROOT / "benchmarks/gate_equivalence.py"), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "demo: identical\ndjango-shop: identical\n"), done.stderr


@pytest.mark.slow
def test_what_answers_alike_says_the_same() -> None:
    command = [sys.executable, str(ROOT / "benchmarks/answers_equivalence.py"), *map(str, PROJECTS), "--tries", "12"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    tried = re.findall(r"12 changes, (\d+) answered alike, 0 said otherwise", done.stdout)
    assert len(tried) == len(PROJECTS)
    assert sum(map(int, tried)) > 40


def compare(folder: Path, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the command of ROOT on FOLDER."""
    command = [sys.executable, str(root / "benchmarks/equivalence.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_run_after_a_change_says_the_same() -> None:
    command = [sys.executable, str(ROOT / "benchmarks/change_equivalence.py"), *map(str, PROJECTS), "--tries", "25"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("25 changes, 0 said otherwise") == len(PROJECTS)
