"""Strict readers of what `map` draws with: they refuse what Mermaid, Graphviz or a browser might read otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

_LABEL = r'"(?:[^"<>#`\\;]|<br/>|#(?:quot|lt|gt|amp|\d+);)*"'
_NODE = re.compile(
    rf"    (n\d+)(?:\[\[{_LABEL}\]\]|\(\[{_LABEL}\]\)|\[{_LABEL}\]|\({_LABEL}\)|>{_LABEL}\])(?::::[a-z]+)?"
)
_LINK = re.compile(r"  (n\d+) (?:-->|-\.->)(?:\|[A-Z]+\d+(?: [A-Z]+\d+)*\|)? (n\d+)")
_OTHER = re.compile(r'flowchart LR|  subgraph [a-z]+\["[\w ]+"\]|  end|  (?:style|linkStyle|classDef) [\w,]+ [\w:#,-]+')
_DOT_TOKEN = re.compile(r'\s+|"(?:[^"\\\x00-\x1f]|\\.)*"|->|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[{}\[\]=;,]')


def read_mermaid(text: str) -> tuple[set[str], list[tuple[str, str]]]:
    """The nodes and links of a flowchart; AssertionError for a line that is neither nor a known statement."""
    lines = text.splitlines()
    assert lines[0] == "flowchart LR"
    nodes = {match[1] for line in lines if (match := _NODE.fullmatch(line))}
    links = [(match[1], match[2]) for line in lines if (match := _LINK.fullmatch(line))]
    for line in lines:
        assert any(pattern.fullmatch(line) for pattern in (_NODE, _LINK, _OTHER)), line
    assert {end for link in links for end in link} <= nodes
    return nodes, links


def read_dot(text: str) -> list[str]:
    """The tokens of a Graphviz file; AssertionError for anything else, or braces that do not match."""
    tokens, end, depth = [], 0, 0
    while (match := _DOT_TOKEN.match(text, end)) is not None:
        end = match.end()
        tokens.append(match.group())
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        assert depth >= 0
    assert end == len(text), text[end : end + 40]
    assert depth == 0
    return [token for token in tokens if not token.isspace()]


class Page(HTMLParser):
    """The elements, attributes and texts of a page, and whether its tags match."""

    VOID = frozenset({"meta", "input", "br", "wbr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        (self.scripts if self.open[-1:] == ["script"] else self.texts).append(data)

    def attributes(self, name: str) -> Iterable[str]:
        """All values of the attribute NAME."""
        return (value or "" for _, attributes in self.elements for key, value in attributes.items() if key == name)
