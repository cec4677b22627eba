"""`docs/map.md` shows what `celery-lint map` draws of the demo. `pytest --update` writes it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from celery_lint.settings import keys
from tests.command_line import Lint

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/map.md"
DEMO = ROOT / "tests/fixtures/projects/demo"
_SHOWN = re.compile(r"<!-- (mermaid|text|task)( \w+)? -->\n.*?<!-- /\1 -->\n", re.DOTALL)


def block(found: re.Match[str], lint: Lint) -> str:
    """The block that FOUND stands for, as it should be."""
    kind, name = found[1], (found[2] or "").strip()
    done = lint("map", *(["--task", name] if kind == "task" else ["--format", kind]))
    assert done.status == 0, done.stderr
    language = "mermaid" if kind == "mermaid" else "text"
    head = f"<!-- {kind}{f' {name}' if name else ''} -->"
    return f"{head}\n```{language}\n{done.stdout}```\n<!-- /{kind} -->\n"


def test_the_page_shows_what_is_drawn(update: bool, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DEMO)
    monkeypatch.delenv("COLUMNS", raising=False)
    text = PAGE.read_text(encoding="utf-8")
    current = _SHOWN.sub(lambda found: block(found, lint), text)
    assert len(_SHOWN.findall(text)) == 3
    if update:
        PAGE.write_text(current, encoding="utf-8")
        return
    assert text == current


def test_the_configuration_on_the_page_is_one() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert set(tomllib.loads(block)["tool"]["celery-lint"]) <= set(keys())
