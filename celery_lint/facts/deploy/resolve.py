"""What the words of a script become once it is known who runs it: environment and arguments filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from celery_lint.facts.deploy.program import Found, from_words
from celery_lint.facts.deploy.shell.expand import Expander, Scope
from celery_lint.facts.deploy.shell.lexer import Lexer
from celery_lint.facts.deploy.text import DeployFile, Spanned, spread
from celery_lint.facts.model import Command, Condition, Word


class Caller(Struct, frozen=True):
    """Who runs a script: with which ENVIRONMENT (None: set, value unknown) and which ARGUMENTS."""

    environment: Mapping[str, str | None]
    arguments: tuple[Word, ...]


def resolved(words: Sequence[Word], caller: Caller) -> tuple[Word, ...]:
    """WORDS with what CALLER sets filled in; one word may become several (`"$@"`)."""
    return tuple(new for word in words for new in _resolved(word, caller))


def holds(condition: Condition, caller: Caller) -> bool | None:
    """Whether CONDITION holds under CALLER, defaults taken; None when that cannot be known."""
    if condition.template is None:
        return None
    words = _expanded(condition.template, caller, split=False)
    if not words or words[0].text is None:
        return None
    return any(fnmatchcase(words[0].text, pattern) for pattern in condition.patterns) is not condition.negated


def _resolved(word: Word, caller: Caller) -> Iterator[Word]:
    if word.template is None:
        yield word
        return
    for new in _expanded(word.template, caller, split=True):
        yield Word(new.text, word.raw, word.span, new.template, new.prefix)


def _expanded(template: str, caller: Caller, split: bool) -> list[Word]:
    file = DeployFile("", template.encode("utf-8", errors="replace"))
    text = file.all()
    scope = Scope(
        {name: _value(file, value) for name, value in caller.environment.items()},
        positional=tuple(_value(file, word.text) for word in caller.arguments),
    )
    expander, shell_word = Expander(file, text), Lexer(text.value).word("")
    fields = expander.fields(shell_word, scope) if split else [expander.single(shell_word, scope)]
    return [file.word(field) for field in fields]


def _value(file: DeployFile, text: str | None) -> Spanned:
    return spread(file.hole() if text is None else text, (0, 0))


def reread(command: Command, words: Sequence[Word]) -> list[tuple[Found, tuple[Word, ...]]]:
    """What the command line WORDS, put together from several files, runs; with the words of each command found."""
    file = DeployFile(command.path, b"")
    spanned = [_numbered(file, index, word) for index, word in enumerate(words)]
    return [
        (found, tuple(_original(file, word, words) for word in found.words))
        for found in from_words(file, spanned, execs=command.execs)
    ]


def _numbered(file: DeployFile, index: int, word: Word) -> Spanned:
    """WORD, standing at the place INDEX of an imagined file."""
    text = word.prefix + file.hole() if word.text is None else word.text
    return Spanned(text, [index] * len(text), [index + 1] * len(text), (index, index + 1))


def _original(file: DeployFile, word: Spanned, words: Sequence[Word]) -> Word:
    original = words[word.place[0]]
    text = file.known(word.value)
    same = text == original.text
    return (
        original if same else Word(text, original.raw, original.span, None, "" if text is not None else original.prefix)
    )
