"""A first configuration as it is written to a file: comments, and settings that wait behind a `#`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from celery_lint.report.text import escape
from celery_lint.views.starter.model import Material, Suggestion
from celery_lint.views.starter.seen import found, listed, shown, unseen

_WIDTH = 98
_HEAD = (
    "Written by `celery-lint init`. A setting counts when the `#` before it is gone; until then nothing changes.",
    "All settings: `celery-lint config`. What was understood: `celery-lint map`.",
)


def configuration_text(material: Material, suggested: Sequence[Suggestion], header: str) -> str:
    """The configuration; HEADER is the line that starts the table, if there is one."""
    lines = [*([header] if header else []), *_comments(_HEAD), "#", "# Found"]
    lines += _pairs(list(found(material)))
    gaps = list(unseen(material.picture))
    if gaps:
        lines += ["#", "# Not seen, so nothing is said about it"]
        lines += [line for gap in gaps for line in _wrapped(gap, "#   ", "#     ")]
    for suggestion in suggested:
        lines += ["", *_comments(suggestion.why), *_where(suggestion), f"# {suggestion.line}"]
    return "".join(f"{line}\n" for line in lines)


def _pairs(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max((len(word) for word, _ in pairs), default=0)
    for word, what in pairs:
        yield from _wrapped(what, f"#   {word:{width}}  ", "#   " + " " * (width + 2))


def _comments(sentences: Sequence[str]) -> Iterator[str]:
    yield from _wrapped(" ".join(sentences), "# ", "# ")


def _where(suggestion: Suggestion) -> Iterator[str]:
    places = [shown(place) for place in dict.fromkeys(suggestion.where)]
    if places:
        yield from _wrapped(f"Seen in {listed(places)}.", "# ", "# ")


def _wrapped(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        escape(text), _WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
