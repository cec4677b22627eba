"""The harness is not fooled, and the record is of the experiments that there are."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.evidence import results
from tests.evidence.experiment import Experiment, steady
from tests.evidence.results import Result


def test_every_experiment_is_recorded_and_nothing_else(update: bool, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--record"):
        pytest.skip("this run records what is missing when it ends")
    if update:
        results.keep(declared())
    assert {(each.code, each.pool) for each in results.read()} == declared(), "run `make evidence`"


def declared() -> set[tuple[str, str]]:
    """The rule and pool of every experiment in the files beside this one."""
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    modules = [importlib.import_module(f"tests.evidence.{path.stem}") for path in files]
    experiments = [getattr(each, "experiment", None) for module in modules for each in vars(module).values()]
    return {(each.code, pool) for each in experiments if isinstance(each, Experiment) for pool in each.pools}


@pytest.mark.parametrize(
    ("bad", "fixed", "fails", "works"),
    [
        ("it fails", "it fails", "it fails", "it"),
        ("it works", "it works", "it", "it works"),
        ("it fails", "", "it fails", "it works"),
        ("", "it works", "it fails", "it works"),
        ("it works, and it fails", "it works", "it fails", "it works"),
        ("it fails", "it works", ("it fails", "badly"), "it works"),
    ],
)
def test_what_does_not_tell_the_two_apart_proves_nothing(
    bad: str, fixed: str, fails: str | tuple[str, ...], works: str
) -> None:
    assert not Experiment("CEL104", fails=fails, works=works).compared(bad, fixed, "solo").proven
    assert Experiment("CEL104", fails="it fails", works="it works").compared("it fails", "it works", "solo").proven


def test_an_observation_that_has_not_changed_keeps_its_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    first = Result("CEL104", "solo", "none", "5.7.0", "3.11", "fails", "works", True, "2026-11-26")
    later = Result("CEL104", "solo", "none", "5.7.0", "3.11", "fails", "works", True, "2026-12-01")
    other = Result("CEL104", "solo", "none", "5.8.0", "3.11", "fails", "works", True, "2026-12-01")
    results.merge([first.as_dict()])
    results.merge([later.as_dict()])
    assert results.read() == [first]
    results.merge([other.as_dict()])
    assert results.read() == [other]


def test_what_varies_is_left_out() -> None:
    line = "[2026-11-26 13:47:03,942: INFO/MainProcess] a.b[a9580879-2b5c-43b4-aa41-56982ad8804a] succeeded in 0.1s: 7"
    assert steady(line) == "a.b[…] succeeded in …s: 7"
