"""Fixes keep their promises, however the code around them is written."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.figures import record
from tests.fix.trials import Seed, attempt, explained, seeds
from tests.fix.variants import ENCODINGS, VARIANTS, Variant

SEEDS = seeds()
# So many are tried by `pytest -m slow`, and with `--update`, which writes down how many it were.
MANY, MORE = 400, 1_000
_seed = st.sampled_from(SEEDS)
_variants = st.lists(st.sampled_from(VARIANTS), min_size=1, max_size=3, unique=True)
_encoding = st.sampled_from((*ENCODINGS, "utf-8", "utf-8"))
# What fails is small already; looking for something smaller takes long.
_settings = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def _kept(seed: Seed, variants: list[Variant], encoding: str) -> int:
    trial = attempt(seed, variants, encoding)
    assert not trial.problems, explained(trial)
    return trial.fixed


@settings(_settings, max_examples=10)
@given(seed=_seed, variants=_variants, encoding=_encoding)
def test_a_fix_keeps_its_promises(seed: Seed, variants: list[Variant], encoding: str) -> None:
    _kept(seed, variants, encoding)


# What was once not kept, and more: a part of the seed's name, the variants, and the encoding.
FORMERLY = [
    ("io-without-timeout::The fix", "form feeds", "mark"),
    ("retry-swallowed::The fix", "its name taken by a value", "utf-8"),
    ("ambiguous_eta::Reported > With an import", "its name taken in each function", "utf-8"),
    ("engine-used-before-fork::The fix", "two spaces|no final newline", "utf-8"),
    ("engine-used-before-fork::The fix", "tabs", "crlf"),
    ("options_passed_to_delay::Reported > Swallowed", "one argument a line, with comments", "utf-8"),
    ("invalid-setting-value::The fix", "its import below everything", "utf-8"),
    # What is easily broken.
    ("run-until-complete-in-task::The fix > A new loop", "a comment on each line", "utf-8"),
    ("session-not-scoped::The fix", "a long string amid each function", "utf-8"),
    ("async-def-task::The fix", "a docstring in each function|a comment above each statement", "latin-1"),
]


@pytest.mark.parametrize(("part", "names", "encoding"), FORMERLY)
def test_what_was_once_broken_is_kept(part: str, names: str, encoding: str) -> None:
    (seed,) = (each for each in SEEDS if part in str(each))
    _kept(seed, [each for each in VARIANTS if each.name in names.split("|")], encoding)


@pytest.mark.slow
def test_fixes_keep_their_promises(update: bool) -> None:
    tried: list[int] = []
    count = MORE if update else MANY

    @settings(_settings, max_examples=count)
    @given(seed=_seed, variants=_variants, encoding=_encoding)
    def each(seed: Seed, variants: list[Variant], encoding: str) -> None:
        tried.append(_kept(seed, variants, encoding))

    each()
    assert sum(fixed > 0 for fixed in tried) > count * 2 // 3
    if update:
        record({"variants of fixes tried": sum(fixed > 0 for fixed in tried), "variants that a fix lost or broke": 0})


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS, ids=str)
def test_each_example_is_fixed_as_it_stands(seed: Seed) -> None:
    assert _kept(seed, [], "utf-8")
