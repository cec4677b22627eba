"""What is published is whole: it installs and works where there is nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from celery_lint import __version__
from celery_lint.catalogue import load_catalogue

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "tests/fixtures/projects/demo"


def test_the_changelog_starts_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"(?m)^## \[([^]]+)\](?: - (?:unreleased|\d{4}-\d\d-\d\d))?$", text)
    assert len(versions) == len(re.findall(r"(?m)^## ", text))
    assert next(version for version in versions if version != "Unreleased") == __version__
    kinds = set(re.findall(r"(?m)^### (.*)$", text))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("page", ["README.md", *(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))])
def test_pages_pin_this_version(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    pinned = re.findall(r"(?:celery-lint==|rev: v|celery-lint@v)([\d.]*\d)", text)
    assert set(pinned) <= {__version__}


def test_the_version_is_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "celery_lint/__init__.py"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    _run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)])
    return folder


@pytest.mark.slow
def test_the_wheel_has_the_pages_and_no_top_level_rules(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    pages = {f"celery_lint/_pages/{rule.family}/{rule.stem}.md" for rule in load_catalogue().rules}
    assert pages <= set(names)
    assert {"celery_lint/py.typed", "celery_lint/schemas/configuration.json"} <= set(names)
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"celery_lint"}


@pytest.mark.slow
def test_the_source_distribution_has_what_developers_need(built: Path) -> None:
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tests/test_release.py", "tests/fixtures/projects/demo/docker-compose.yml", "docs/start.md"} <= names
    assert {f"rules/{rule.family}/{rule.stem}.md" for rule in load_catalogue().rules} <= names
    assert {"mkdocs.yml", "Makefile", ".ci/run", "LICENSE", "CHANGELOG.md"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith((".venv/", ".git/", "build/"))]


@pytest.mark.slow
def test_the_page_of_the_package_can_be_shown(built: Path) -> None:
    _run([sys.executable, "-m", "twine", "check", "--strict", *map(str, built.iterdir())])


@pytest.mark.slow
def test_the_wheel_works_where_there_is_nothing_else(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    _run([sys.executable, "-m", "venv", str(tmp_path / "venv")])
    bin_folder = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    _run([str(bin_folder / "python"), "-m", "pip", "install", "--quiet", "--no-cache-dir", str(wheel)])

    def ours(*words: str, status: int = 0) -> str:
        return _run([str(bin_folder / "celery-lint"), *words], status=status, folder=tmp_path)

    assert ours("--version") == f"celery-lint {__version__}\n"
    assert "[CEL103]" in ours("check", "--no-cache", str(DEMO), status=1)
    assert ours("explain", "CEL102").startswith("# CEL102 run-until-complete-in-task")
    assert "CEL903  use-delay-on-commit" in ours("rules")
    assert "gevent ×100" in ours("map", str(DEMO))
    assert "<!doctype html>" in ours("map", "--format", "html", str(DEMO)).lower()
    assert "_CELERY_LINT_COMPLETE" in ours("completion", "fish")


def _run(command: list[str], *, status: int = 0, folder: Path | None = None) -> str:
    """What COMMAND, run in FOLDER, prints. It knows nothing of this checkout."""
    done = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, encoding="utf-8")
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def _environment() -> Mapping[str, str]:
    inherited = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "FORCE_COLOR")}
    return {**inherited, "PYTHONUTF8": "1"}
