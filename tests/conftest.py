"""What all tests share: `pytest --update` rewrites expected output instead of comparing it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite expected output and generated documentation")
    parser.addoption("--record", action="store_true", help="write what experiments observed to tests/evidence")


@pytest.fixture(autouse=True, scope="session")
def _own_caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs of the command line keep their secret here, and not where the user has his."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("caches")))
        yield


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether this run rewrites what it would compare."""
    return bool(request.config.getoption("--update"))
