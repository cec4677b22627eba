"""Where the pages of celery-lint's own rules are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def folder() -> Path:
    """The folder of the pages: in the installed package, or in the source tree that this module runs in."""
    installed = Path(__file__).parent / "_pages"
    tree = Path(__file__).parent.parent
    return tree / "rules" if not installed.is_dir() and is_our_tree(tree) else installed


def is_our_tree(root: Path) -> bool:
    """Whether ROOT is a checkout of celery-lint."""
    pyproject = root / "pyproject.toml"
    return pyproject.is_file() and 'name = "celery-lint"' in pyproject.read_text(encoding="utf-8", errors="replace")


def titles() -> Iterator[tuple[str, str, str]]:
    """The code, name and family of every rule, as its page has them. No rule is imported: that would take a second."""
    for file in sorted(folder().glob("*/*.md")):
        with file.open(encoding="utf-8") as page:
            code, _, name = page.readline().removeprefix("# ").strip().partition(" ")
        yield code, name, file.parent.name.replace("_", " ")
