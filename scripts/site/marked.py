"""Places in a page where something generated goes: a comment `<!-- site: NAME ARGUMENT -->`. What stands between
`<!-- github -->` and `<!-- /github -->` is not on the site."""

from __future__ import annotations

import re
from collections.abc import Callable

_GITHUB = re.compile(r"<!-- github -->.*?<!-- /github -->\n?", re.DOTALL)
_MERMAID = re.compile(r"<!-- mermaid -->\n(.*?)<!-- /mermaid -->", re.DOTALL)
_PLACE = re.compile(r"<!-- site: ([\w-]+) ?(.*?) -->", re.MULTILINE)


def filled(text: str, generated: Callable[[str, str], str]) -> str:
    """TEXT with what GENERATED gives for every name and argument, and without what is only for GitHub."""
    drawn = _MERMAID.sub(lambda block: _folded(block[1], generated), _GITHUB.sub("", text))
    return _PLACE.sub(lambda place: generated(place[1], place[2]), drawn)


def _folded(mermaid: str, generated: Callable[[str, str], str]) -> str:
    """The picture itself, and below it MERMAID: browsers would have to load a program from elsewhere to draw that."""
    picture = generated("picture", "tests/fixtures/projects/demo")
    source = mermaid.strip().replace("```mermaid", "```text").replace("\n", "\n    ")
    return f'{picture}\n\n??? note "The same in Mermaid"\n\n    {source}\n'
