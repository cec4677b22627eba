"""Regular expressions that a project gives: run only where none of them could take for ever."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable

# The parser of the standard library's own patterns; `sre_parse` is its older, deprecated name.
from re import _parser as parser  # type: ignore[attr-defined]

_LONGEST = 500
_MOST_REPEATS = 3
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})


def is_tame(pattern: str) -> bool:
    """Whether PATTERN compiles, and matches short texts at once: nothing that repeats is repeated."""
    if len(pattern) > _LONGEST:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
            tree = parser.parse(pattern)
    except (re.error, OverflowError, RecursionError, MemoryError):
        return False
    depths = list(_depths(tree, 0))
    return len(depths) <= _MOST_REPEATS and all(depth == 0 for depth in depths)


def is_tame_glob(glob: str) -> bool:
    """Whether GLOB, made a regular expression, matches short texts at once."""
    return len(glob) <= _LONGEST and glob.count("*") <= _MOST_REPEATS


def _depths(part: object, depth: int) -> Iterable[int]:
    """In how many repeats each repeat of PART stands; its own options do not count."""
    if isinstance(part, parser.SubPattern | list | tuple):
        inner = depth
        if isinstance(part, tuple) and part and str(part[0]) in _REPEATS and part[1][1] != 1:
            yield depth
            inner += 1
        for each in part:
            yield from _depths(each, inner)
