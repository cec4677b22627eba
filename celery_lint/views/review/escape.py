"""Text of ours and of the project as Markdown in which nothing of the project is Markdown.

What stands in backquotes stays code, with as many backquotes around it as it takes. Outside of code, a word with a
character that means something (a link, a mention, a tag) becomes code itself.
"""

from __future__ import annotations

import html
import re

from celery_lint.report.text import escape

_CODE = re.compile(r"`([^`]*)`")
_RUNS = re.compile(r"`+")
_WORD = re.compile(r"([(\"«]*)(\S+?)([)\"».,;:!?]*)(?=\s|$)")
# GitHub and GitLab make links of these by themselves: users, issues, merge requests, commits, addresses.
_MEANS_SOMETHING = re.compile(
    r"[@<>\[\]|\\*_~$#&!{}`^]|://|www\.|\w\.\w|\b[0-9a-f]{7,40}\b|^[-+=]+$|^\d+[.)]$|\b[A-Z]{2,10}-\d", re.IGNORECASE
)


def code(text: str) -> str:
    """TEXT as code."""
    shown = escape(text).strip() or " "
    longest = max((len(run) for run in _RUNS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str) -> str:
    """TEXT, in which names stand in backquotes."""
    pieces = _CODE.split(escape(text))
    return "".join(
        code(piece) if number % 2 and piece else _WORD.sub(_word, piece) for number, piece in enumerate(pieces)
    )


def cell(markdown: str) -> str:
    """MARKDOWN in a cell of a table, where `|` ends the cell even inside of code."""
    return markdown.replace("|", "\\|")


def tagged(text: str) -> str:
    """TEXT as code in HTML."""
    return f"<code>{html.escape(escape(text))}</code>"


def _word(found: re.Match[str]) -> str:
    before, word, after = found.groups()
    return f"{before}{code(word)}{after}" if _MEANS_SOMETHING.search(word) else found[0]
