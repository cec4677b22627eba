"""The README says what is true. `pytest --update` writes what is known and what the demo prints."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from msgspec import convert

from celery_lint.catalogue import load_catalogue
from celery_lint.settings import Settings
from tests.command_line import Lint
from tests.evidence import results

ROOT = Path(__file__).parent.parent
FIGURES = ROOT / "tests/figures.json"
DEMO = ROOT / "tests/fixtures/projects/demo"
_DEMO = re.compile(r"(?<=<!-- demo )(CEL\d+) -->\n.*?(?=<!-- /demo -->)", re.DOTALL)
_KNOWN = re.compile(r"(?<=<!-- known -->\n).*?(?=<!-- /known -->)", re.DOTALL)


def test_the_demo_prints_what_is_shown(update: bool, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DEMO)
    monkeypatch.delenv("COLUMNS", raising=False)
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    assert _DEMO.search(text)
    _same(readme, text, _DEMO.sub(lambda found: f"{found[1]} -->\n{demo(found[1], lint)}", text), update)


@pytest.mark.parametrize(("name", "lines"), [("README.md", 2), ("docs/proof.md", None)])
def test_what_is_known_is_current(name: str, lines: int | None, update: bool) -> None:
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    assert "<!-- known -->" in text
    wanted = "".join(known().splitlines(keepends=True)[:lines])
    _same(page, text, _KNOWN.sub(lambda _: wanted, text), update)


def known() -> str:
    """How many rules are proven, and what other runs have counted.

    Those write `tests/figures.json`: `{"figures": {"fix variants tried": 12345, "files fuzzed": 678}}`, what is counted
    in words for the reader, the count as a number. Each becomes a line here.
    """
    recorded = results.read()
    severities = {rule.code: rule.severity.label for rule in load_catalogue().rules}
    proven = sorted(results.proofs(recorded))
    errors = [code for code, severity in severities.items() if severity == "error"]
    proven_errors = [code for code in proven if severities[code] == "error"]
    versions = sorted({".".join(each.celery.split(".")[:2]) for each in recorded})
    lines = [f"- **{len(proven)} rules proven** on Celery {', '.join(versions)}, in {len(recorded)} experiments."]
    lines += [f"- {len(proven_errors)} of the {len(errors)} rules of severity error are among them."]
    if FIGURES.exists():
        figures = json.loads(FIGURES.read_text(encoding="utf-8"))["figures"]
        lines += [f"- {count:,} {what}." for what, count in sorted(figures.items())]
    return "\n".join(lines) + "\n"


def demo(code: str, lint: Lint) -> str:
    """What `make demo` prints, as far as it is about the rule CODE."""
    done = lint("--no-cache")
    assert done.status == 1, done.stderr
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
