"""The little Markdown of rule pages as HTML: headings, paragraphs, lists, tables left out, code, emphasis."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

_LEFT_OUT = ("References", "Options")
_INLINE = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\[([^\]]+)\]\([^)]*\)"), r"\1"),
)


def to_html(text: str) -> str:
    """The sections of a rule's page, without its title and header table."""
    blocks = re.split(r"\n(?=## )", text)
    kept = [block for block in blocks if block.startswith("## ") and not block[3:].startswith(_LEFT_OUT)]
    return "\n".join(part for block in kept for part in _blocks(block))


def _blocks(text: str) -> Iterator[str]:
    for number, piece in enumerate(re.split(r"^```\w*\n(.*?)^```\n?", text, flags=re.DOTALL | re.MULTILINE)):
        if number % 2:
            yield f"<pre><code>{escape(piece)}</code></pre>"
        else:
            yield from (_block(block) for block in re.split(r"\n\s*\n", piece) if block.strip())


def _block(block: str) -> str:
    head, _, rest = block.strip().partition("\n")
    if head.startswith("#"):
        below = _block(rest) if rest.strip() else ""
        return f"<h4>{_inline(head.lstrip('#').strip())}</h4>{below}"
    if head.startswith(("- ", "* ")):
        items = re.split(r"\n(?=[-*] )", block.strip())
        return "<ul>" + "".join(f"<li>{_inline(item[2:])}</li>" for item in items) + "</ul>"
    if head.startswith("|"):
        return f"<pre>{escape(block.strip())}</pre>"
    return f"<p>{_inline(block.strip())}</p>"


def _inline(text: str) -> str:
    shown = escape(" ".join(text.split()))
    for pattern, replacement in _INLINE:
        shown = pattern.sub(replacement, shown)
    return shown
