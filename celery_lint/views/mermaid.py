"""`mermaid`: the picture as a flowchart that a README shows."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.views.model import Picture
from celery_lint.views.readable import readable
from celery_lint.views.sketch import LANES, Arrow, Box, sketch

_SHAPES = {"queue": ("([", "])"), "worker": ("[[", "]]"), "entry": (">", "]"), "caller": ("(", ")")}
# Colours that can be read on a light and on a dark page.
_CLASSES = {
    "prefork": "stroke:#2f6fdb,stroke-width:2px",
    "threads": "stroke:#0b8a80,stroke-width:2px",
    "gevent": "stroke:#7f45cf,stroke-width:2px",
    "eventlet": "stroke:#b43d98,stroke-width:2px",
    "solo": "stroke:#96661a,stroke-width:2px",
    "unknown": "stroke:#8a92a0,stroke-width:2px,stroke-dasharray:4",
    "broken": "stroke:#c9252d,stroke-width:2px,stroke-dasharray:4",
}
_NAMED = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;"}
_SIGNS = frozenset("#`\\;")
_LANE = "fill:none,stroke:#8a92a0,stroke-dasharray:2"
_BROKEN = "stroke:#c9252d,stroke-width:2px,color:#c9252d"


def mermaid(picture: Picture) -> Iterator[str]:
    """The lines of a Mermaid flowchart of PICTURE."""
    drawn = sketch(readable(picture))
    yield "flowchart LR"
    for lane, title in LANES:
        boxes = [box for box in drawn.boxes if box.lane == lane]
        if boxes:
            yield f'  subgraph {lane}["{title}"]'
            yield from (f"    {_node(box)}" for box in boxes)
            yield "  end"
            yield f"  style {lane} {_LANE}"
    yield from (f"  {_link(arrow)}" for arrow in drawn.arrows)
    broken = [str(position) for position, arrow in enumerate(drawn.arrows) if arrow.codes]
    if broken:
        yield f"  linkStyle {','.join(broken)} {_BROKEN}"
    used = {_class(box) for box in drawn.boxes}
    yield from (f"  classDef {name} {style}" for name, style in _CLASSES.items() if name in used)


def _node(box: Box) -> str:
    opening, closing = _SHAPES.get(box.kind, ("[", "]"))
    name = _class(box)
    label = "<br/>".join(_escaped(line) for line in box.lines)
    return f'{box.id}{opening}"{label}"{closing}' + (f":::{name}" if name else "")


def _class(box: Box) -> str:
    if "broken" in box.kind:
        return "broken"
    if box.kind == "ghost":
        return "unknown"
    return (box.pool if box.pool in _CLASSES else "unknown") if box.kind == "worker" else ""


def _link(arrow: Arrow) -> str:
    line = "-->" if arrow.certain else "-.->"
    label = f"|{' '.join(arrow.codes)}|" if arrow.codes else ""
    return f"{arrow.source} {line}{label} {arrow.target}"


def _escaped(text: str) -> str:
    """TEXT in a quoted label: signs that mean something to Mermaid, Markdown or HTML as entities of Mermaid's."""
    return "".join(_NAMED.get(char) or (f"#{ord(char)};" if char in _SIGNS else char) for char in text)
