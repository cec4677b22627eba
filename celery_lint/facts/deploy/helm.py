"""Helm charts and other templated YAML, read line by line: with `{{ }}` in it, it is not YAML yet.

`command:` and `args:` are found by their keys; what a template fills in is unknown.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import yaml
from msgspec import Struct

from celery_lint.facts.deploy import split, yaml_tree
from celery_lint.facts.deploy.command import Service
from celery_lint.facts.deploy.lines import physical_lines
from celery_lint.facts.deploy.program import from_words
from celery_lint.facts.deploy.shell.lexer import Lexer
from celery_lint.facts.deploy.text import DeployFile, Spanned, joined, spread
from celery_lint.facts.model import Command

IS_TEMPLATE = re.compile(rb"\{\{|\{%")
LONGEST_LINE = 5_000
_KEY = re.compile(r"(\s*)((?:-\s+)*)(command|args|name|replicas|kind)\s*:\s*(.*?)\s*$")
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}")
_CONTROL = re.compile(r"\s*(\{\{-?\s*(/\*|if\b|else\b|end\b|with\b|range\b|define\b|\$\w+\s*:?=)|\{%|\{#)")
_FORMATTED = re.compile(r'\{\{-?\s*printf\s+"(--?[\w-]+[ =]?)%[sdv]"')
_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|[^,\[\]\s][^,\[\]]*')


class _Key(Struct, frozen=True):
    """One `key:` line: its index, indentation (of the key itself) and what stands after the colon."""

    name: str
    line: int
    indent: int
    rest: str
    starts_item: bool


def commands(file: DeployFile) -> Iterator[Command]:
    """What the containers of a templated manifest run."""
    lines = [line[:LONGEST_LINE] for line in physical_lines(file)]
    keys = [key for index, line in enumerate(lines) if (key := _key(index, line)) is not None]
    for position, key in enumerate(keys):
        if _is_probe(lines, key):
            continue
        if key.name == "command" or (key.name == "args" and not _sibling(keys, position, "command")):
            yield from _of_container(file, lines, keys, position)


def values_commands(file: DeployFile, document: yaml.Node) -> Iterator[Command]:
    """What `command:` and `args:` anywhere in a chart's values run. SERVICE is the key they stand under."""
    waiting, seen = [("", document)], set[int]()
    while waiting:
        name, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        entries = yaml_tree.mapping(node)
        waiting.extend(reversed(entries.items()))
        waiting.extend((name, item) for item in reversed(yaml_tree.items(node)))
        words = [*_values(file, entries.get("command")), *_values(file, entries.get("args"))]
        replicas = yaml_tree.number(entries.get("replicaCount") or entries.get("replicas"))
        service = Service(file, "helm", name or None, replicas=replicas, alternative=_chart(file.path))
        yield from service.commands(from_words(file, words, execs=True))


def _values(file: DeployFile, node: yaml.Node | None) -> list[Spanned]:
    text = yaml_tree.spanned(file, node)
    if text is not None:
        return split.words(_masked(file, text))
    found = [yaml_tree.spanned(file, item) for item in yaml_tree.items(node)]
    return [_masked(file, item) for item in found if item is not None]


def _is_probe(lines: list[Spanned], key: _Key) -> bool:
    """Whether KEY stands under `exec:`, as the commands of probes and hooks do."""
    for line in reversed(lines[max(key.line - 50, 0) : key.line]):
        text = line.value.lstrip()
        if text and not text.startswith(("#", "{{")) and len(line.value) - len(text) < key.indent:
            return text.startswith(("exec:", "- exec:"))
    return False


def _key(index: int, line: Spanned) -> _Key | None:
    match = _KEY.match(line.value)
    if match is None:
        return None
    return _Key(match[3], index, match.start(3), match[4], bool(match[2]))


def _of_container(file: DeployFile, lines: list[Spanned], keys: list[_Key], position: int) -> Iterator[Command]:
    words = _words(file, lines, keys[position])
    arguments = _sibling(keys, position, "args") if keys[position].name == "command" else None
    if arguments is not None:
        words += _words(file, lines, arguments)
    name = _sibling(keys, position, "name")
    replicas = _sibling(keys, position, "replicas")
    count = "" if replicas is None else replicas.rest
    service = Service(
        file,
        "helm",
        None if name is None or "{{" in name.rest else name.rest.strip("'\""),
        replicas=int(count) if count.isdecimal() and count.isascii() and len(count) < 10 else None,
        alternative=_chart(file.path),
    )
    yield from service.commands(from_words(file, words, execs=True))


def _chart(path: str) -> str:
    folder = posixpath.dirname(path)
    return folder.partition("/templates")[0] + "/"


def _sibling(keys: list[_Key], position: int, name: str) -> _Key | None:
    """The key NAME of the same mapping: nearest one at the same indentation with nothing less indented between."""
    own = keys[position]
    for step in (1, -1):
        index = position + (step if step > 0 else 0)
        while 0 <= index < len(keys):
            key = keys[index]
            if key.indent < own.indent or (step > 0 and key.starts_item and key.indent <= own.indent):
                break
            if key.name == name and key.indent == own.indent and key is not own:
                return key
            if step < 0 and key.starts_item and key.indent <= own.indent:
                break
            index += step
    return None


def _words(file: DeployFile, lines: list[Spanned], key: _Key) -> list[Spanned]:
    """The items of the list after KEY, in flow or block style; template lines become unknown words."""
    first = lines[key.line]
    rest = first[len(first.value) - len(first.value.split(":", 1)[1]) :]
    following = next((line for line in lines[key.line + 1 :][:5] if line.value.strip()), rest)
    if not rest.value.strip() and following.value.lstrip().startswith("["):
        return _flow(file, following, lines[lines.index(following) + 1 :])
    if rest.value.strip().startswith("["):
        return _flow(file, rest, lines[key.line + 1 :])
    if _CONTROL.match(rest.value) or not rest.value.strip():
        return _block(file, lines[key.line + 1 :], key.indent - (2 if key.starts_item else 0))
    return [] if rest.value.strip()[0] in "|>" else split.words(_scalar(file, rest))


def _flow(file: DeployFile, first: Spanned, following: list[Spanned]) -> list[Spanned]:
    found = list[Spanned]()
    opening = first.value.index("[") + 1
    for line in [first[opening:], *following[:200]]:
        if _CONTROL.match(line.value):
            continue
        masked = _masked(file, line)
        for match in _SCALAR.finditer(masked.value):
            found.append(_scalar(file, masked[match.start() : match.end()]))
        if "]" in re.sub(r"\"[^\"]*\"|'[^']*'", "", masked.value):
            break
    return found


def _block(file: DeployFile, lines: list[Spanned], indent: int) -> list[Spanned]:
    found = list[Spanned]()
    folded: list[Spanned] | None = None
    for line in lines[:300]:
        text = line.value.lstrip()
        own = len(line.value) - len(text)
        if not text or text.startswith("#"):
            continue
        if folded is not None and not text.startswith("- ") and own > indent:
            folded.append(line[own:])
            continue
        if folded is not None:
            found.append(_lines_of(file, folded))
            folded = None
        if text.startswith(("{{", "{%")):
            found.extend([] if _CONTROL.match(text) else [_scalar(file, line[own:])])
        elif text.startswith("- ") and own >= indent:
            item = line[own + 2 :]
            folded = [] if item.value.strip()[:1] in ("|", ">") else None
            found.extend([] if folded is not None else [_scalar(file, item)])
        else:
            break
    return found if folded is None else [*found, _lines_of(file, folded)]


def _lines_of(file: DeployFile, lines: list[Spanned]) -> Spanned:
    """The text of a block scalar, its lines kept."""
    newline = [spread("\n", line.place) for line in lines]
    return joined([part for line, end in zip(lines, newline, strict=True) for part in (_masked(file, line), end)])


def _masked(file: DeployFile, line: Spanned) -> Spanned:
    """LINE with a hole for each `{{ … }}`; `{{ printf "--opt=%s" … }}` keeps its option."""
    parts, position = list[Spanned](), 0
    for match in _TEMPLATE.finditer(line.value):
        formatted = _FORMATTED.match(match.group())
        known = formatted[1] if formatted else ""
        place = line[match.start() : match.end()].place
        parts += [line[position : match.start()], spread(known + file.hole(), place)]
        position = match.end()
    return joined([*parts, line[position:]]) if parts else line


def _scalar(file: DeployFile, text: Spanned) -> Spanned:
    """One plain or quoted scalar."""
    text = _masked(file, text)
    stripped = text.value.strip()
    start = text.value.index(stripped) if stripped else 0
    text = text[start : start + len(stripped)]
    if stripped[:1] in ("'", '"') and len(stripped) > 1:
        place = text.place
        lexer = Lexer(text.value.replace("$", "\x01"))
        word = lexer.word(" ")
        return text[1 : word.end - 1].at(place) if word.end == len(stripped) else text
    comment = text.value.find(" #")
    return text if comment < 0 else text[:comment]
