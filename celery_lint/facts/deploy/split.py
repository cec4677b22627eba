"""Command lines that no shell sees: how compose, systemd, supervisor and exec forms cut and fill them."""

from __future__ import annotations

import re
from collections.abc import Callable

from celery_lint.facts.deploy.shell.lexer import Lexer
from celery_lint.facts.deploy.shell.tree import Characters
from celery_lint.facts.deploy.text import DeployFile, Spanned, joined, spread

_BLANKS = " \t\r\n"


def words(text: Spanned) -> list[Spanned]:
    """TEXT cut at white space, quotes respected; `$`, `;`, `&` and `#` are ordinary characters."""
    # A dollar would be an expansion to the lexer, so it reads a look-alike of the same length.
    lexer = Lexer(text.value.replace("$", "\x01").replace("`", "\x02"))
    found = list[Spanned]()
    while lexer.position < lexer.end:
        if lexer.text[lexer.position] in _BLANKS:
            lexer.position += 1
            continue
        word = lexer.word(_BLANKS)
        pieces = [piece for piece in word.segments if isinstance(piece, Characters)]
        value = "".join(piece.text for piece in pieces).replace("\x01", "$").replace("\x02", "`")
        offsets = [offset for piece in pieces for offset in piece.offsets]
        starts, ends = [text.starts[at] for at in offsets], [text.ends[at] for at in offsets]
        found.append(Spanned(value, starts, ends, text[word.start : word.end].place))
    return [word for word in found if word.value or word.outer]


def filled(
    file: DeployFile, text: Spanned, pattern: re.Pattern[str], value: Callable[[re.Match[str]], str | None]
) -> Spanned:
    """TEXT with every match of PATTERN replaced by VALUE of it; None becomes a hole."""
    parts, position = list[Spanned](), 0
    for match in pattern.finditer(text.value):
        known = value(match)
        place = text[match.start() : match.end()].place
        parts.append(text[position : match.start()])
        parts.append(spread(file.hole() if known is None else known, place))
        position = match.end()
    if not parts:
        return text
    result = joined([*parts, text[position:]])
    return result if text.outer is None else result.at(text.outer)
