"""The drawings of «How it works», in the colours of the site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

_HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path class="p-head" d="M0 0L8 4L0 8z"/></marker></defs>'
)


def diagram(name: str) -> str:
    """The drawing NAME."""
    width, height, label, parts = _DRAWINGS[name]()
    return (
        f'<div class="picture" tabindex="0"><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{escape(label)}">{_HEAD}{"".join(parts)}</svg></div>'
    )


_Drawing = tuple[int, int, str, list[str]]


def _box(x: float, y: float, width: float, lines: list[str], kind: str = "p-step") -> str:
    """A box with a name and notes below it."""
    height = 30 + 17 * (len(lines) - 1)
    rows = [f'<rect class="p-box {kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="7"/>']
    for number, line in enumerate(lines):
        name = "p-name p-mono" if number == 0 else "p-note"
        rows.append(f'<text class="{name}" x="{x + 12}" y="{y + 20 + 17 * number}">{escape(line)}</text>')
    return "".join(rows)


def _arrow(x1: float, y1: float, x2: float, y2: float, *, wrong: bool = False) -> str:
    middle = (x1 + x2) / 2
    kind = "p-line p-wrong" if wrong else "p-arrow"
    return f'<path class="{kind}" d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}" marker-end="url(#head)"/>'


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(text)}</text>'


def _pipeline() -> _Drawing:
    steps = [
        ("discover", "files that git", "does not ignore"),
        ("read", "one file in,", "plain facts out"),
        ("link", "all facts in,", "one model out"),
        ("judge", "100 short", "questions to it"),
        ("filter", "comments and", "baseline"),
        ("report, fix", "terminal, CI,", "editor, files"),
    ]
    parts = []
    for number, (name, *notes) in enumerate(steps):
        x = 10 + number * 170
        parts.append(_box(x, 20, 140, [name, *notes]))
        if number:
            parts.append(_arrow(x - 30, 52, x - 2, 52))
    parts.append(_text(180, 118, "cached by content: a file that did not change", "p-note"))
    parts.append(_text(180, 134, "is not read again, in as many processes as help", "p-note"))
    parts.append(_text(350 + 170, 118, "pure functions: no file is opened, nothing is imported,", "p-note"))
    parts.append(_text(350 + 170, 134, "the same project gives the same findings", "p-note"))
    return 1020, 145, "Six steps: discover, read, link, judge, filter, report or fix", parts


def _reach() -> _Drawing:
    parts = [
        _text(10, 14, "who calls", "p-title"),
        _text(370, 14, "what they reach", "p-title"),
        _text(740, 14, "the same line, judged twice", "p-title"),
        _box(10, 30, 250, ["@app.task welcome", "shop/tasks.py: runs in a worker"], "p-threads"),
        _box(10, 150, 250, ["async def lifespan", "shop/web.py: runs in the web process"], "p-ghost"),
        _box(370, 30, 250, ["def run_async(coroutine)", "shop/helpers.py"]),
        _box(370, 150, 250, ["async def warm_up()", "shop/helpers.py"], "p-ghost"),
        _box(740, 30, 270, ["asyncio.get_event_loop()", "CEL101: a pool thread has no loop"], "p-broken"),
        _box(740, 150, 270, ["asyncio.get_event_loop()", "fine: a loop is running here"], "p-step"),
        _arrow(260, 53, 368, 53),
        _arrow(620, 53, 738, 53, wrong=True),
        _arrow(260, 173, 368, 173),
        _arrow(620, 173, 738, 173),
        _text(10, 112, "The finding names the way: welcome → run_async → get_event_loop.", "p-note"),
    ]
    return 1020, 205, "A function is judged by who reaches it: a worker, or only the web process", parts


def _placement() -> _Drawing:
    parts = []
    columns = [
        (10, 225, "The message", ["send_receipt.delay(7)", "orders/views.py:12"], "p-ghost"),
        (275, 225, "its name", ["orders.tasks.send_receipt", "module and function, or name="], "p-step"),
        (540, 225, "its queue", ["orders", "route orders.tasks.*", "shop/settings.py:9"], "p-step"),
        (805, 235, "its worker, its pool", ["-Q celery,orders", "--pool threads ×8", "compose.yaml:4"], "p-threads"),
    ]
    for number, (x, width, title, lines, kind) in enumerate(columns):
        parts.append(_text(x, 14, title, "p-title"))
        parts.append(_box(x, 30, width, lines, kind))
        if number:
            parts.append(_arrow(x - 40, 53, x - 2, 53))
    notes = [
        (275, ["Celery's own rule for names,", "and its import roots (-A, include)"]),
        (540, ["decided by Celery's own router:", "the call, the task, task_routes,", "the default queue"]),
        (805, ["threads enforce no time limit,", "have no event loop, and share", "what the module made"]),
    ]
    for x, lines in notes:
        parts += [_text(x, 122 + 16 * number, line, "p-note") for number, line in enumerate(lines)]
    return 1050, 165, "From a call to the pool that runs it: message, name, queue, worker", parts


_DRAWINGS: Mapping[str, Callable[[], _Drawing]] = {"pipeline": _pipeline, "reach": _reach, "placement": _placement}
