"""What the documentation shows is true: its projects report what is marked, its configuration is one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from msgspec import convert

from celery_lint.catalogue import load_catalogue
from celery_lint.settings import Settings
from celery_lint.testing import Case, check, load

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").rglob("*.md"))
GUIDES = sorted((ROOT / "docs/guides").glob("*.md"))


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{page.stem}::{case.name}") for page in GUIDES for case in load(page)]
)
def test_the_project_of_a_guide_reports_what_is_marked(case: Case) -> None:
    found = check(case)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_the_configuration_that_is_shown_is_one(page: Path) -> None:
    for block in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        table = tomllib.loads(block)
        if "celery-lint" in table.get("tool", {}):
            convert(table["tool"]["celery-lint"], Settings)


def test_every_twin_of_another_linter_is_on_the_page_about_it() -> None:
    text = (ROOT / "docs/coming-from.md").read_text(encoding="utf-8")
    for rule in load_catalogue().rules:
        rows = [line for line in text.splitlines() if f"[{rule.code}]" in line]
        for twin in rule.twins:
            assert any(re.search(rf"\b{twin}\b", row) for row in rows), f"{twin}, the twin of {rule.code}"
