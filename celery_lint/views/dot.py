"""`dot`: the picture for Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.views.model import Picture
from celery_lint.views.readable import readable
from celery_lint.views.sketch import LANES, Arrow, Box, sketch

_COLORS = {
    "prefork": "#2f6fdb", "processes": "#2f6fdb", "threads": "#0b8a80", "gevent": "#7f45cf", "eventlet": "#b43d98",
    "solo": "#96661a",
}  # fmt: skip
_GREY, _RED = "#8a92a0", "#c9252d"


def dot(picture: Picture) -> Iterator[str]:
    """The lines of a Graphviz digraph of PICTURE."""
    picture = readable(picture)
    drawn = sketch(picture)
    yield f"digraph {_quoted(picture.name)} {{"
    yield '  graph [rankdir=LR, nodesep=0.12, ranksep=1.1, fontname="Helvetica", bgcolor="transparent"];'
    yield '  node [shape=box, style="rounded", fontname="Helvetica", fontsize=11, height=0.3, color="#8a92a0"];'
    yield '  edge [arrowsize=0.6, color="#8a92a0", fontname="Helvetica", fontsize=10];'
    for lane, title in LANES:
        boxes = [box for box in drawn.boxes if box.lane == lane]
        if boxes:
            yield f"  subgraph cluster_{lane} {{"
            yield f"    label={_quoted(title)}; color=transparent; fontcolor={_quoted(_GREY)};"
            yield from (f"    {_node(box)}" for box in boxes)
            yield "  }"
    yield from (f"  {_edge(arrow)}" for arrow in drawn.arrows)
    yield "}"


def _node(box: Box) -> str:
    label = "\\n".join(_inner(line) for line in box.lines)
    return f'{box.id} [label="{label}"{_look(box)}];'


def _look(box: Box) -> str:
    if "broken" in box.kind:
        return f', style="rounded,dashed", color="{_RED}", fontcolor="{_RED}"'
    if box.kind == "ghost":
        return ', style="rounded,dashed"'
    if box.kind == "worker":
        return f', color="{_COLORS.get(box.pool, _GREY)}", penwidth=2'
    return ", shape=ellipse" if box.kind == "queue" else ""


def _edge(arrow: Arrow) -> str:
    attributes = [] if arrow.certain else ["style=dashed"]
    if arrow.codes:
        attributes += [f"label={_quoted(' '.join(arrow.codes))}", f'color="{_RED}"', f'fontcolor="{_RED}"']
    listed = f" [{', '.join(attributes)}]" if attributes else ""
    return f"{arrow.source} -> {arrow.target}{listed};"


def _quoted(text: str) -> str:
    return f'"{_inner(text)}"'


def _inner(text: str) -> str:
    """TEXT between quotes. Graphviz knows HTML entities in labels, so `&` is one."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
