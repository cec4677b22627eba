"""`docs/map.md` shows what `celery-lint map` draws of the demo. `pytest --update` writes it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from celery_lint.settings import keys

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/map.md"
DEMO = ROOT / "tests/fixtures/projects/demo"
_SHOWN = re.compile(r"<!-- (mermaid|text|task)( \w+)? -->\n.*?<!-- /\1 -->\n", re.DOTALL)


def drawn(found: re.Match[str]) -> str:
    """The block that FOUND stands for, as it should be."""
    kind, name = found[1], (found[2] or "").strip()
    arguments = ["--task", name] if kind == "task" else ["--format", kind]
    environment = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "COLUMNS")}
    done = subprocess.run(
        [sys.executable, "-m", "celery_lint", "map", *arguments],
        cwd=DEMO,
        env={**environment, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    language = "mermaid" if kind == "mermaid" else "text"
    head = f"<!-- {kind}{f' {name}' if name else ''} -->"
    return f"{head}\n```{language}\n{done.stdout}```\n<!-- /{kind} -->\n"


def test_the_page_shows_what_is_drawn(update: bool) -> None:
    text = PAGE.read_text(encoding="utf-8")
    current = _SHOWN.sub(drawn, text)
    assert len(_SHOWN.findall(text)) == 3
    if update:
        PAGE.write_text(current, encoding="utf-8")
        return
    assert text == current


def test_the_configuration_on_the_page_is_one() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert set(tomllib.loads(block)["tool"]["celery-lint"]) <= set(keys())
