"""The README says what is true. `pytest --update` writes its table of rules and what the demo prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from msgspec import convert

from celery_lint import __version__
from celery_lint.catalogue import load_catalogue
from celery_lint.settings import Settings

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "tests/fixtures/projects/demo"
_DEMO = re.compile(r"(?<=<!-- demo )(CEL\d+) -->\n.*?(?=<!-- /demo -->)", re.DOTALL)
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
    assert "<!-- rules -->" in text
    _same(readme, text, _TABLE.sub(lambda _: table(), text), update)


def test_the_demo_prints_what_is_shown(update: bool) -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    assert _DEMO.search(text)
    _same(readme, text, _DEMO.sub(lambda found: f"{found[1]} -->\n{demo(found[1])}", text), update)


def demo(code: str) -> str:
    """What `make demo` prints, as far as it is about the rule CODE."""
    environment = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "COLUMNS")}
    done = subprocess.run(
        [sys.executable, "-m", "celery_lint"],
        cwd=DEMO,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 1, done.stderr
    findings = done.stdout.split("\n\n")
    chosen = [finding for finding in findings if f"[{code}]" in finding.partition("\n")[0]]
    return "\n\n".join(["```console\n$ celery-lint", *chosen, f"[…]\n\n{done.stderr}```\n"]).replace(
        "lint\n\n", "lint\n"
    )


def _same(file: Path, written: str, current: str, update: bool) -> None:
    if update:
        file.write_text(current, encoding="utf-8")
    else:
        assert written == current


def test_the_example_configuration_is_one() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        convert(tomllib.loads(block)["tool"]["celery-lint"], Settings)
    assert blocks


def test_the_changelog_starts_with_this_version() -> None:
    versions = re.findall(r"(?m)^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert versions[0] == __version__
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"rev: v{__version__}" in readme
    assert f"celery-lint=={__version__}" in readme
