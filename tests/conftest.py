"""What all tests share: `pytest --update` rewrites expected output instead of comparing it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from celery_lint.cli import main
from tests.command_line import Done, Lint

# Many tests start the command line: each would compile all of it again where nothing compiled may be kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How long something takes on a machine that does other things as well says nothing about it.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite expected output and generated documentation")
    parser.addoption("--record", action="store_true", help="write what experiments observed to tests/evidence")


@pytest.fixture(autouse=True, scope="session")
def _own_caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs of the command line keep their secret here, and not where the user has his."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("caches")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _one_process() -> Iterator[None]:
    """Runs of the command line in this process read by themselves: others would begin with all that the tests hold, to
    read three files."""
    with pytest.MonkeyPatch.context() as patch:
        for command in ("beginning", "baseline", "init", "review"):
            patch.setattr(f"celery_lint.commands.{command}.processors", lambda: 1)
        yield


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether this run rewrites what it would compare."""
    return bool(request.config.getoption("--update"))


@pytest.fixture
def lint(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lint:
    """Runs the command line: status, stdout, stderr."""
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["celery-lint", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert isinstance(stopped.value.code, int)
        return Done(stopped.value.code, *capfd.readouterr())

    return run
