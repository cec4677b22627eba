"""The README says what is true. `pytest --update` writes its table of rules."""

from __future__ import annotations

import re
from pathlib import Path

from celery_lint import __version__
from celery_lint.catalogue import load_catalogue

ROOT = Path(__file__).parent.parent
_TABLE = re.compile(r"(?<=<!-- rules -->\n).*?(?=<!-- /rules -->)", re.DOTALL)


def table() -> str:
    """All rules, one a row, each leading to its page."""
    rows = (
        f"| [{rule.code}](rules/{rule.family}/{rule.stem}.md) | {rule.name} | {_cell(rule.summary)} "
        f"| {rule.severity.label} | {rule.fix} |\n"
        for rule in load_catalogue().rules
    )
    return "| Code | Name | Finds | Severity | Fix |\n|---|---|---|---|---|\n" + "".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def test_the_table_of_rules_is_current(update: bool) -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    current = _TABLE.sub(lambda _: table(), text)
    assert "<!-- rules -->" in current
    if update:
        readme.write_text(current, encoding="utf-8")
        return
    assert text == current


def test_the_changelog_starts_with_this_version() -> None:
    versions = re.findall(r"(?m)^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert versions[0] == __version__
    assert f"rev: v{__version__}" in (ROOT / "README.md").read_text(encoding="utf-8")
