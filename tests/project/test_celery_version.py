"""Which Celery a project runs on."""

from __future__ import annotations

from pathlib import Path

import pytest

from celery_lint.celery_versions import LATEST, version_numbers
from celery_lint.project.code.files import Files
from celery_lint.project.settings.celery_version import CeleryRelease, find_release, newest_allowed
from celery_lint.settings import Settings


def _release(
    root: Path, texts: dict[str, str], apps: tuple[str, ...] = (), version: str | None = None
) -> CeleryRelease:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return find_release(Files(root, sorted(texts)), Settings(celery_version=version), apps)


@pytest.mark.parametrize(
    ("name", "text", "version", "line"),
    [
        ("uv.lock", 'version = 1\n\n[[package]]\nname = "celery"\nversion = "5.4.0"\n', "5.4.0", 5),
        ("poetry.lock", '[[package]]\nname = "celery"\nversion = "5.3.6"\ndescription = "x"\n', "5.3.6", 3),
        ("pdm.lock", '[[package]]\nname = "celery"\nversion = "5.5.1"\n', "5.5.1", 3),
        ("pylock.toml", '[[packages]]\nname = "celery"\nversion = "5.5.1"\n', "5.5.1", 3),
        (
            "Pipfile.lock",
            '{"default": {\n"celery": {\n"extras": ["redis"],\n"hashes": ["sha256:1"],\n"version": "==5.3.1"\n}}}',
            "5.3.1",
            5,
        ),
        ("requirements.txt", "redis\ncelery[redis]==5.2.7 \\\n    --hash=sha256:1\n", "5.2.7", 2),
        ("requirements/base.txt", "Celery == 5.4.0 ; python_version > '3.8'\n", "5.4.0", 1),
        ("requirements-prod.in", "celery>=5.3,<6\n", ">=5.3,<6", 1),
        ("constraints.txt", "celery==5.3.4\n", "5.3.4", 1),
        ("environment.yml", "dependencies:\n  - celery=5.3.4\n", "5.3.4", 2),
        ("pyproject.toml", '[project]\ndependencies = [\n  "celery[redis]>=5.3,<5.5",\n]\n', ">=5.3,<5.5", 3),
        ("pyproject.toml", '[project]\ndependencies = ["celery (>=5.3,<5.5)"]\n', ">=5.3,<5.5", 2),
        ("pyproject.toml", '[tool.poetry.dependencies]\ncelery = "^5.3.4"\n', "^5.3.4", 2),
        ("pyproject.toml", 'celery = {extras = ["redis"], version = "~5.3"}\n', "~5.3", 1),
        ("pyproject.toml", '[tool.poetry.dependencies.celery]\nextras = ["redis"]\nversion = "^5.4"\n', "^5.4", 3),
        ("setup.cfg", "[options]\ninstall_requires =\n    celery~=5.4\n", "~=5.4", 3),
        ("setup.py", "setup(install_requires=['celery >= 5.4, < 6.0'])\n", ">=5.4,<6.0", 1),
        ("Pipfile", '[packages]\ncelery = "==5.4.0"\n', "5.4.0", 2),
    ],
)
def test_every_kind_of_file_says_it(tmp_path: Path, name: str, text: str, version: str, line: int) -> None:
    found = _release(tmp_path, {name: text})
    assert (found.version, found.origin) == (version, f"{name}:{line}")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "celery\n"),
        ("requirements.txt", "# celery==4.4\ndjango-celery-beat==2.5\ncelery-redbeat==2.0\nflower==2.0\n"),
        ("requirements.txt", "celery @ git+https://github.com/celery/celery@main\n"),
        ("pyproject.toml", 'keywords = ["celery"]\n[project.scripts]\ncelery = "proj.celery:main"\n'),
        ("pyproject.toml", 'celery = "*"\n'),
        ("setup.py", "from proj import celery\nVERSION = '5.3'\n"),
        ("docs/requirements.txt", "celery==4.4\n"),
        ("proj/celery.py", "celery = '5.3'\n"),
        ("uv.lock", '[[package]]\nname = "celery-types"\nversion = "0.22"\n'),
    ],
)
def test_what_says_nothing_leaves_the_newest(tmp_path: Path, name: str, text: str) -> None:
    found = _release(tmp_path, {name: text})
    assert not found.is_known
    assert found.numbers == version_numbers(LATEST)
    assert "celery-version" in str(found)


def test_the_configuration_comes_first(tmp_path: Path) -> None:
    found = _release(tmp_path, {"requirements.txt": "celery==5.3.6\n"}, version="5.4")
    assert str(found) == "Celery 5.4 (the configuration)"
    assert found.table.minor == "5.4"


def test_a_lock_goes_over_a_range_and_over_another_file(tmp_path: Path) -> None:
    found = _release(
        tmp_path,
        {
            "pyproject.toml": 'dependencies = ["celery>=5.3"]\n',
            "requirements-dev.txt": "celery==5.2.7\n",
            "uv.lock": 'name = "celery"\nversion = "5.6.3"\n',
        },
    )
    assert str(found) == "Celery 5.6.3 (uv.lock:2)"


def test_an_exact_requirement_goes_over_a_range(tmp_path: Path) -> None:
    found = _release(tmp_path, {"base.in": "", "requirements.in": "celery>=5\n", "requirements.txt": "celery==5.4.0\n"})
    assert found.version == "5.4.0"


def test_what_stands_nearest_to_the_application_counts(tmp_path: Path) -> None:
    files = {
        "uv.lock": 'name = "celery"\nversion = "5.6.3"\n',
        "api/requirements.txt": "celery==5.4.0\n",
        "old/requirements.txt": "celery==4.4.7\n",
    }
    assert _release(tmp_path, files, ("api/proj/celery.py",)).version == "5.4.0"
    assert _release(tmp_path, files, ("proj/celery.py",)).version == "5.6.3"


def test_utf_16_of_powershell_is_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("celery==5.3.6\r\n", encoding="utf-16")
    found = find_release(Files(tmp_path, ["requirements.txt"]), Settings())
    assert found.version == "5.3.6"


@pytest.mark.parametrize(
    ("range_", "numbers"),
    [
        (">=5.3,<6", (5, 7)),
        (">=5.3.4,<5.4.0", (5, 3)),
        ("<5.5.0", (5, 4)),
        ("<=5.4", (5, 4)),
        ("~=5.3", (5, 7)),
        ("~=5.3.1", (5, 3)),
        ("^5.3.4", (5, 7)),
        ("~5.3", (5, 3)),
        ("5.3.*", (5, 3)),
        ("==5.4.*", (5, 4)),
        (">=4.0,<5", (4, 99)),
        ("<5.2", (5, 1)),
        ("~5.2.7", (5, 2)),
        (">=6", (6, 0)),
        (">=5", (5, 7)),
    ],
)
def test_a_range_means_the_newest_release_that_it_allows(range_: str, numbers: tuple[int, int]) -> None:
    assert newest_allowed(range_) == numbers


def test_a_release_compares(tmp_path: Path) -> None:
    found = _release(tmp_path, {"requirements.txt": "celery>=5.3,<5.6\n"})
    assert found.at_least("5.5")
    assert not found.at_least("5.6")
    assert str(found) == "Celery 5.5 (celery>=5.3,<5.6 in requirements.txt:1)"
