from __future__ import annotations

import pytest

from celery_lint.project.code.tame import is_tame, is_tame_glob


@pytest.mark.parametrize("pattern", [r"proj\.tasks\..*", r"^(video|audio)\..+$", r"a\.(b|c)?", r"[a-z]+\.[a-z]+", "é"])
def test_what_people_write_is_tame(pattern: str) -> None:
    assert is_tame(pattern)


@pytest.mark.parametrize("pattern", [
    r"(a+)+$", r"(a|a)*b|(?:(?:a*)*)*", r"(?:a{1,9})+", ".*.*.*.*.*a", "(" * 5_000, "(", "a{99999999999}", "x" * 1_000,
    r"(?=(a+)+)", r"(?<=a)(b*?)*?",
])  # fmt: skip
def test_what_could_take_for_ever_is_not(pattern: str) -> None:
    assert not is_tame(pattern)


def test_globs() -> None:
    assert is_tame_glob("proj.*.tasks.*")
    assert not is_tame_glob("*a" * 20)
