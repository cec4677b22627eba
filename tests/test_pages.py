"""Every example in the catalogue does what its page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from celery_lint.testing import Case, check, load

CATALOGUE = Path(__file__).parent.parent / "rules"
PAGES = sorted(CATALOGUE.glob("*/*.md"))


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{page.stem}::{case.name}") for page in PAGES for case in load(page)]
)
def test_page(case: Case) -> None:
    found = check(case)
    assert not found, "\n" + "\n".join(found)
