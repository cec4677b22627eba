"""A command line as it is written: where its words stand, and what would break a command of Celery 5."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from celery_lint.celery_versions import Table
from celery_lint.facts.model import Word
from celery_lint.project.model import CeleryCommand
from celery_lint.remedy import Replacement
from celery_lint.source import Source

# Celery 4 took these spellings too; Celery 5 took them away.
OLD_SPELLINGS = {"--maxtasksperchild": "--max-tasks-per-child", "--maxmemperchild": "--max-memory-per-child"}
# flower ignores these behind its name, with a warning.
_BEFORE_FLOWER = frozenset({"app", "broker", "result_backend"})


def position(command: CeleryCommand, part: Word) -> int | None:
    """The index of the word of COMMAND that PART is (or is the end of, as in `--app=proj`)."""
    for index, word in enumerate(command.command.words):
        if word is part or (word.span.contains(part.span) and part.span.start < part.span.end and part.text):
            return index
    return None


def subcommand_at(command: CeleryCommand) -> int | None:
    """The index of the word that is the sub-command."""
    name = command.invocation.subcommand
    return next((index for index, word in enumerate(command.command.words) if index and word.text == name), None)


def misplaced(command: CeleryCommand, table: Table) -> tuple[str, int, int] | None:
    """The first option of `celery` itself that stands behind the sub-command: its flag, and its first and last word."""
    own = table.options(command.invocation.subcommand)
    sub = subcommand_at(command)
    words = command.command.words
    if sub is None:
        return None
    for name, option in table.options(None).items():
        value = command.invocation.app if name == "app" else command.invocation.options.get(name)
        if name in own or (not own and name not in _BEFORE_FLOWER):
            continue
        last = position(command, value) if value is not None else None
        if last is None or last <= sub:
            continue
        text = words[last].text or words[last].prefix
        first = last if text.startswith("-") else last - 1
        return next((flag for flag in option.flags if (words[first].text or "").startswith(flag)), ""), first, last
    return None


def moved(words: Sequence[Word], target: int, first: int, last: int, source: Source) -> tuple[Replacement, ...] | None:
    """The edits that move the words FIRST to LAST in front of the word TARGET; None where that cannot be written.

    Every word takes the text of another: that is right in a shell line, a list of YAML and a list of JSON alike.
    """
    order = [*range(first, last + 1), *range(target, first)]
    places = [words[index].span for index in range(target, last + 1)]
    if any(place.start == place.end for place in places) or any(b.start < a.end for a, b in pairwise(places)):
        return None
    texts = [source.data[words[index].span.start : words[index].span.end] for index in order]
    if any(b"\n" in text or b" " in text.strip(b"\"'") for text in texts):
        return None
    before = [source.data[place.start : place.end] for place in places]
    return tuple(
        Replacement(place, old.decode(), new.decode())
        for place, old, new in zip(places, before, texts, strict=True)
        if old != new
    )
