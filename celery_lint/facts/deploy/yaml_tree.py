"""YAML as nodes with places, bounded against hostile files. Tags are not looked at, so nothing is constructed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import yaml

from celery_lint.facts.deploy.text import LONGEST_VALUE, DeployFile, Spanned, spread

DEEPEST = 60
MOST_EVENTS = 200_000
MOST_ENTRIES = 5_000


class TooComplex(yaml.YAMLError):
    """The file is nested deeper, or holds more, than any deployment file does."""


@cache
def _loader() -> type[yaml.SafeLoader]:
    found: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return found


def documents(text: str) -> list[yaml.Node]:
    """The documents of TEXT. Raises yaml.YAMLError when it is no YAML, or too deep for the C parser's stack."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, _loader())):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST or count > MOST_EVENTS:
            raise TooComplex("nested too deeply or too large for a deployment file")
    return [node for node in yaml.compose_all(text, _loader()) if node is not None]


def mapping(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """The entries of a mapping node with `<<` merged in; empty for any other node."""
    return _merged(node, set())


def _merged(node: yaml.Node | None, seen: set[int]) -> dict[str, yaml.Node]:
    """The same; SEEN nodes are not merged again, so that aliases in circles and ladders of them end."""
    if not isinstance(node, yaml.MappingNode) or id(node) in seen:
        return {}
    seen.add(id(node))
    own, inherited = dict[str, yaml.Node](), dict[str, yaml.Node]()
    for key, value in node.value[:MOST_ENTRIES]:
        if not isinstance(key, yaml.ScalarNode):
            continue
        if key.value != "<<":
            own[key.value] = value
            continue
        for base in reversed(value.value if isinstance(value, yaml.SequenceNode) else [value]):
            inherited |= _merged(base, seen)
    return inherited | own


def items(node: yaml.Node | None) -> list[yaml.Node]:
    """The items of a sequence node; empty for any other node."""
    return list(node.value[:MOST_ENTRIES]) if isinstance(node, yaml.SequenceNode) else []


def text(node: yaml.Node | None) -> str | None:
    """The text of a scalar node that is not null."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == "tag:yaml.org,2002:null":
        return None
    value: str = node.value
    return value


def number(node: yaml.Node | None) -> int | None:
    """The number in a scalar node."""
    value = text(node) or ""
    return int(value) if value.isdecimal() and value.isascii() and len(value) < 10 else None


def spanned(file: DeployFile, node: yaml.Node | None, base: int = 0) -> Spanned | None:
    """The text of a scalar node with the places of its characters; BASE is where the YAML starts in the file."""
    value = text(node)
    if value is None or node is None:
        return None
    start, end = node.start_mark.index + base, node.end_mark.index + base
    source = file.source[start:end]
    if source == value:
        return file.text(start, end)
    if source[1:-1] == value and source[:1] in "'\"":
        return file.text(start + 1, end - 1).at((start, end))
    if len(value) > LONGEST_VALUE:
        return spread(value, (start, end))
    header = source.find("\n") + 1 if source[:1] in "|>" else 0
    return _aligned(value, source, start, header)


def _aligned(value: str, source: str, base: int, position: int) -> Spanned:
    """VALUE over SOURCE, which folds, escapes or indents it: each character, from POSITION on, at the next place it
    can stand at."""
    starts = list[int]()
    for character in value:
        if not character.isspace():
            found = source.find(character, position)
            position = found if found >= 0 else position
        starts.append(base + min(position, max(len(source) - 1, 0)))
        position = min(position + 1, len(source))
    return Spanned(value, starts, [start + 1 for start in starts])


def walk(node: yaml.Node) -> Iterator[yaml.Node]:
    """NODE and all nodes below it, each once, however often aliases name it."""
    waiting, seen = [node], set[int]()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, yaml.MappingNode):
            waiting.extend(value for _, value in reversed(current.value))
        elif isinstance(current, yaml.SequenceNode):
            waiting.extend(reversed(current.value))
