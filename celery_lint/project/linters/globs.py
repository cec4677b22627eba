"""The globs of other linters' configurations: `*` crosses folders, `/**/` is any number of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from celery_lint.project.code.tame import is_tame_glob

_TOKEN = re.compile(r"/\*\*(?=/)|^\*\*/|\*+|\?|\[!?[^\]]+\]|[{},]|.", re.DOTALL)
_MEANING = {"/**": "(?:/.*)?", "**/": "(?:.*/)?", "?": ".", "{": "(?:", "}": ")"}


def matches(glob: str, path: str) -> bool:
    """Whether GLOB means exactly PATH."""
    return _compiled(glob.rstrip("/")).fullmatch(path) is not None


def ancestors(path: str) -> Iterator[str]:
    """PATH, then the folders it lies in, from the nearest on."""
    while path:
        yield path
        path = path.rpartition("/")[0]


@lru_cache(maxsize=256)
def _compiled(glob: str) -> re.Pattern[str]:
    if not is_tame_glob(glob):
        return re.compile(r"(?!)")
    pattern, depth = "", 0
    for token in _TOKEN.findall(glob):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if token == "," and depth > 0:
            pattern += "|"
        elif token.startswith("[") and len(token) > 1:
            pattern += "[^" + token[2:] if token.startswith("[!") else token
        elif token[0] == "*" and token not in _MEANING:
            pattern += ".*"
        else:
            pattern += _MEANING.get(token, re.escape(token))
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return re.compile(r"(?!)")
