"""What each rule reports, and above all what it leaves alone: `tests/fixtures/rules/<family>/<stem>.md`."""

from __future__ import annotations

from pathlib import Path

import pytest

from celery_lint.testing import Case, check, load

EDGE_CASES = sorted((Path(__file__).parent / "fixtures" / "rules").glob("*/*.md"))


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{page.stem}::{case.name}") for page in EDGE_CASES for case in load(page)]
)
def test_edge_case(case: Case) -> None:
    found = check(case)
    assert not found, "\n" + "\n".join(found)
