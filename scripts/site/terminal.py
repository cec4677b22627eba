"""What celery-lint prints, as HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from celery_lint.configfile import Place
from celery_lint.report.full import full
from celery_lint.report.summary import summary
from celery_lint.report.terminal import Terminal
from celery_lint.run import run
from celery_lint.settings import load, override

_SEQUENCE = re.compile("\033\\[([\\d;]*)m")
_NAMES = {"1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow", "34": "blue", "36": "cyan"}


def printed(root: Path, select: Sequence[str] | None = None, *, only: str = "", width: int = 78) -> str:
    """What `celery-lint` writes about the project at ROOT, with colours, as the inside of a `<pre>`.

    SELECT are the rules that run; of what is found ONLY the findings of one code are shown.
    """
    file = next((root / name for name in ("celery-lint.toml", "pyproject.toml") if (root / name).is_file()), None)
    configuration = load(Place(root, file))
    if select is not None:
        configuration = override(configuration, {"select": tuple(select)})
    done = run(configuration, with_fixes=True)
    terminal = Terminal(color=True, width=width)
    blocks = "\n".join(full(done.report, terminal)).rstrip().split("\n\n")
    if only:
        shown = [block for block in blocks if f"[{only}]" in _SEQUENCE.sub("", block).partition("\n")[0]]
        blocks = [*shown, "\033[2m[…]\033[0m", summary(done.report, terminal).replace(" Found", "\nFound", 1)]
    return to_html("\n\n".join(blocks))


def to_html(text: str) -> str:
    """TEXT with its terminal colours as spans."""
    parts, end, is_open = [], 0, False
    for sequence in _SEQUENCE.finditer(text):
        parts.append(escape(text[end : sequence.start()]))
        end = sequence.end()
        names = [_NAMES[code] for code in sequence[1].split(";") if code in _NAMES]
        if is_open:
            parts.append("</span>")
        is_open = bool(names)
        if is_open:
            parts.append(f'<span class="{" ".join(f"t-{name}" for name in names)}">')
    return "".join((*parts, escape(text[end:]), "</span>" if is_open else ""))


def window(inside: str, command: str) -> str:
    """A terminal in which COMMAND was typed and INSIDE was printed, as a block of HTML without empty lines, which
    would end it in Markdown."""
    prompt = f'<span class="t-dim">$</span> <span class="t-bold">{escape(command)}</span>'
    lines = f"{prompt}\n{inside}".replace("\n\n", "\n&#8203;\n")
    return f'<div class="terminal" markdown="0"><pre tabindex="0"><code>{lines}</code></pre></div>'
