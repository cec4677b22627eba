"""Places in a page where something generated goes: a comment `<!-- site: NAME ARGUMENT -->`. What stands between
`<!-- github -->` and `<!-- /github -->` is not on the site."""

from __future__ import annotations

import re
from collections.abc import Callable

_GITHUB = re.compile(r"<!-- github -->.*?<!-- /github -->\n?", re.DOTALL)
_PLACE = re.compile(r"<!-- site: ([\w-]+) ?(.*?) -->", re.MULTILINE)


def filled(text: str, generated: Callable[[str, str], str]) -> str:
    """TEXT with what GENERATED gives for every name and argument, and without what is only for GitHub."""
    return _PLACE.sub(lambda place: generated(place[1], place[2]), _GITHUB.sub("", text))
