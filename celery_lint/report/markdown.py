"""Text for Markdown that is to be shown as it is."""

from __future__ import annotations

import re

from celery_lint.report.text import escape

# An entity stands for its character and is never a sign of Markdown or HTML. All of ASCII that could be one.
_SIGN = re.compile(r"[!-'*+\-.:-@\[-`{-~]")


def inert(text: str) -> str:
    """TEXT, of which nothing is taken for Markdown, HTML, a link, a mention or an emoji."""
    return _SIGN.sub(lambda sign: f"&#{ord(sign[0])};", escape(text))


def message_html(message: str) -> str:
    """MESSAGE with what stands between backticks as code, everything else as it is."""
    pieces = message.split("`")
    if len(pieces) % 2 == 0:
        return inert(message)
    return "".join(
        f"<code>{inert(piece)}</code>" if number % 2 else inert(piece) for number, piece in enumerate(pieces)
    )
