"""`celery multi start …`: which nodes it starts, and with which words each."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from celery_lint.facts.model import Word

MOST_NODES = 50


class Node(Struct, frozen=True):
    """One node: its NAME (None when no node is started), the option WORDS it gets, and whether there may be more."""

    name: str | None
    words: tuple[Word, ...]
    open: bool = False


def nodes(words: Sequence[Word]) -> list[Node]:
    """The nodes of `celery multi` with the arguments WORDS; one without a name for `stop`, `show` and the like."""
    if not words or (words[0].text is not None and words[0].text not in ("start", "restart")):
        return [Node(None, tuple(words))]
    names, options = _split(words[1:])
    if words[0].text is None or any(name.text is None for name in names) or not names:
        return [Node("?", tuple(word for group in options for word in group), open=True)]
    texts = [name.text or "" for name in names]
    if len(texts) == 1 and texts[0].isdecimal() and texts[0].isascii():
        texts = [f"celery{number}" for number in range(1, min(int(texts[0][:4]), MOST_NODES) + 1)]
    return [_node(text, index + 1, options) for index, text in enumerate(texts[:MOST_NODES])]


def _split(words: Sequence[Word]) -> tuple[list[Word], list[tuple[Word, ...]]]:
    """Node names, and options with their values. Of short options the next word is the value, as multi reads them."""
    names, options, index = list[Word](), list[tuple[Word, ...]](), 0
    while index < len(words):
        text = _start(words[index])
        following = _start(words[index + 1]) if index + 1 < len(words) else "-"
        if text.startswith("--"):
            options.append((words[index],))
        elif text.startswith("-"):
            takes = not following.startswith("-") and "=" not in text
            options.append(tuple(words[index : index + (2 if takes else 1)]))
            index += 1 if takes else 0
        else:
            names.append(words[index])
        index += 1
    return names, options


def _start(word: Word) -> str:
    return word.prefix if word.text is None else word.text


def _node(name: str, number: int, options: list[tuple[Word, ...]]) -> Node:
    """The node NAME with the options that are for all nodes, then those for it (`-Q:1 a`, `-c:w2 3`)."""
    common = [group for group in options if not _selector(group[0])]
    own = [_without_selector(group) for group in options if _selects(_selector(group[0]), name, number)]
    return Node(name, tuple(word for group in common + own for word in group))


def _selector(word: Word) -> str:
    option = _start(word).partition("=")[0]
    return option.partition(":")[2] if option.startswith("-") else ""


def _selects(selector: str, name: str, number: int) -> bool:
    for part in selector.split(",") if selector else ():
        first, dash, last = part.partition("-")
        if part in (name, name.partition("@")[0], str(number)):
            return True
        if dash and len(part) < 20 and first.isdecimal() and last.isdecimal() and int(first) <= number <= int(last):
            return True
    return False


def _without_selector(group: tuple[Word, ...]) -> tuple[Word, ...]:
    word, selector = group[0], ":" + _selector(group[0])
    text = None if word.text is None else word.text.replace(selector, "", 1)
    return (Word(text, word.raw, word.span, None, word.prefix.replace(selector, "", 1)), *group[1:])
