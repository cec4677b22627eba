"""What a new rule is made of."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from msgspec import Struct

from celery_lint import __version__
from celery_lint.errors import UserError

_HOLE = re.compile(r"\{\{(\w+)\}\}")


class NewFile(Struct, frozen=True):
    """A file that is to be made: PATH and TEXT. A SHARED one may be there already, and then stays."""

    path: Path
    text: str
    shared: bool = False


def own_rule(code: str, name: str, folder: Path) -> tuple[NewFile, ...]:
    """A rule of a project's own in FOLDER: the rule, its page, and the test that runs all pages there."""
    words = _words(code, name)
    return (
        NewFile(folder / f"{_module(name)}.py", _filled("own_rule", words)),
        NewFile(folder / f"{name}.md", _filled("own_page", words)),
        NewFile(folder / "test_rules.py", _filled("own_tests", words), shared=True),
    )


def our_rule(code: str, name: str, family: str, tree: Path) -> tuple[NewFile, ...]:
    """A rule of celery-lint itself, whose source is at TREE: the rule, its page, and its edge cases."""
    words = _words(code, name)
    return (
        NewFile(tree / "celery_lint" / "rules" / family / f"{_module(name)}.py", _filled("our_rule", words)),
        NewFile(tree / "rules" / family / f"{name}.md", _filled("our_page", words)),
        NewFile(tree / "tests" / "fixtures" / "rules" / family / f"{_module(name)}.md", _filled("our_cases", words)),
    )


def write_new(new: tuple[NewFile, ...]) -> tuple[Path, ...]:
    """Write the files NEW; those that were written. Raises UserError, before anything is written, when one is there
    already, and when one cannot be written."""
    if there := next((each.path for each in new if each.path.exists() and not each.shared), None):
        raise UserError(f"{there} exists already")
    wanted = [each for each in new if not each.path.exists()]
    for each in wanted:
        try:
            each.path.parent.mkdir(parents=True, exist_ok=True)
            each.path.write_text(each.text, encoding="utf-8")
        except OSError as error:
            raise UserError(f"{each.path} cannot be written: {error.strerror or error}") from None
    return tuple(each.path for each in wanted)


def _words(code: str, name: str) -> dict[str, str]:
    title = name.replace("-", " ")
    return {
        "code": code,
        "name": name,
        "title": title,
        "sentence": title.capitalize(),
        "since": ".".join(__version__.split(".")[:2]),
    }


def _module(name: str) -> str:
    return name.replace("-", "_")


def _filled(template: str, words: dict[str, str]) -> str:
    text = (files("celery_lint.scaffold") / f"{template}.txt").read_text(encoding="utf-8")
    return _HOLE.sub(lambda hole: words[hole[1]], text)
