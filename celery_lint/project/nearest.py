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
