"""The existing name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The one of KNOWN that looks most like the dotted NAME: one that ends alike before one that only looks alike.

    None when none is alike enough; CUTOFF is a ratio of `difflib`.
    """
    last = name.rpartition(".")[2]
    names = sorted(set(known) - {name})
    same = [each for each in names if each.rpartition(".")[2] == last]
    if len(same) == 1:
        return same[0]
    found = difflib.get_close_matches(name, same or names, n=1, cutoff=cutoff)
    return found[0] if found else None


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """The one of KNOWN that NAME is a misspelling of: a letter or two missing, too many, wrong or swapped.

    None when NAME is known itself, when nothing is that close, and when two are equally close. A short name (four
    letters or less) may be off by one letter only: by two, half of the language would fit.
    """
    names = set(known)
    if name in names:
        return None
    limit = 1 if len(name) <= 4 else 2
    letters = set(name)
    found: dict[int, list[str]] = {}
    for each in names:
        # Each letter that only one of them has takes an edit.
        if abs(len(each) - len(name)) <= limit and len(letters.difference(each)) <= limit:
            edits = _edits(name, each, limit)
            if edits <= limit:
                found.setdefault(edits, []).append(each)
    closest = found[min(found)] if found else []
    return closest[0] if len(closest) == 1 else None


def _edits(one: str, other: str, limit: int) -> int:
    """How many letters to insert, delete, replace or swap with the next one make OTHER of ONE; any number above LIMIT
    when they are more."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, a in enumerate(one, 1):
        line = [row]
        for column, b in enumerate(other, 1):
            best = min(last[column] + 1, line[column - 1] + 1, last[column - 1] + (a != b))
            if row > 1 and column > 1 and a == other[column - 2] and one[row - 2] == b:
                best = min(best, before[column - 2] + 1)
            line.append(best)
        if min(line) > limit and min(last) > limit:
            break  # what follows comes from these two
        before, last = last, line
    return last[-1]
