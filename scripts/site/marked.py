"""Places in a page where something generated goes: a comment `<!-- site: NAME ARGUMENT -->`."""

from __future__ import annotations

import re
from collections.abc import Callable

_PLACE = re.compile(r"<!-- site: ([\w-]+) ?(.*?) -->", re.MULTILINE)


def filled(text: str, generated: Callable[[str, str], str]) -> str:
    """TEXT with what GENERATED gives for every name and argument."""
    return _PLACE.sub(lambda place: generated(place[1], place[2]), text)
