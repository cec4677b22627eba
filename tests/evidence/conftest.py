"""`pytest --record` writes what the experiments observed, also when they ran in several processes."""

from __future__ import annotations

import pytest

from tests.evidence import results

_OBSERVED = pytest.StashKey[list[dict[str, object]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_OBSERVED] = []
    if config.getoption("--record") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config.stash[_OBSERVED]))


class Recorder:
    """Collects what each test recorded and merges it into the file when all have run."""

    def __init__(self, observed: list[dict[str, object]]) -> None:
        self._observed = observed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what REPORT says of an experiment."""
        if report.when == "call":
            for key, value in report.user_properties:
                if key == "evidence" and isinstance(value, dict):
                    self._observed.append(value)

    def pytest_sessionfinish(self) -> None:
        """Write it."""
        results.merge(self._observed)
