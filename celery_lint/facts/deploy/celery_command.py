"""Read a `celery …` command line the way Celery's own command line does, from the tables of its release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from msgspec import Struct

from celery_lint.celery_versions import Option, Table
from celery_lint.facts.deploy import multi
from celery_lint.facts.model import Command, Word
from celery_lint.finding import Span


class Unknown(Enum):
    """The type of `UNKNOWN`: something is there, or may be there, but nobody can say what."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


class Invocation(Struct, frozen=True):
    """One run of Celery's command line.

    OPTIONS maps canonical names (`queues`, `time_limit`) to the option's value, or to the flag itself for options
    that take none. ENVIRONMENT_OPTIONS holds those that `CELERY_WORKER_…` variables set and the line does not.
    UNKNOWN_OPTIONS are not in Celery's table: an app's own, or those of a plugin's sub-command (`flower`). EXTRA are
    words left over. An OPEN invocation may have options that are not written here. NODE is the name of a node that
    `celery multi` starts.
    """

    subcommand: str | None
    app: Word | None = None
    app_after_subcommand: bool = False
    options: dict[str, Word] = {}
    unknown_options: tuple[Word, ...] = ()
    extra: tuple[Word, ...] = ()
    open: bool = False
    environment_options: dict[str, str | None] = {}
    node: str | None = None

    @property
    def is_worker(self) -> bool:
        """Whether it starts workers."""
        return self.subcommand == "worker" or (self.subcommand == "multi" and self.node is not None)

    @property
    def is_beat(self) -> bool:
        """Whether it starts beat, alone or inside a worker (`-B`)."""
        return self.subcommand == "beat" or (
            self.is_worker and self.value("beat") is not None and not self.open_at("beat")
        )

    def open_at(self, name: str) -> bool:
        """Whether the option NAME is not written but may be hidden."""
        return self.open and name not in self.options and name not in self.environment_options

    def value(self, name: str) -> str | Unknown | None:
        """The text of the option NAME (of a flag: the flag), None when it is not given, or UNKNOWN."""
        if name in self.options:
            text = self.options[name].text
            return UNKNOWN if text is None else text
        if name in self.environment_options:
            known = self.environment_options[name]
            return UNKNOWN if known is None else known
        return UNKNOWN if self.open else None

    @property
    def queues(self) -> tuple[str, ...] | Unknown | None:
        """The queues of `-Q`; None when it is not given."""
        return self._names("queues")

    @property
    def exclude_queues(self) -> tuple[str, ...] | Unknown | None:
        """The queues of `-X`; None when it is not given."""
        return self._names("exclude_queues")

    @property
    def pool(self) -> str | Unknown | None:
        """The pool of `-P`; None when it is not given (then settings decide)."""
        return self.value("pool")

    def _names(self, option: str) -> tuple[str, ...] | Unknown | None:
        value = self.value(option)
        if value is None or isinstance(value, Unknown):
            return value
        return tuple(name.strip() for name in value.split(",") if name.strip())


def runs_celery(command: Command) -> bool:
    """Whether COMMAND runs Celery's own program (and not a script that may do so)."""
    if not command.words or command.script is not None:
        return False
    program = command.words[0]
    if program.text is None:
        return "celery" in program.raw.lower()
    return program.text.rpartition("/")[2] in ("celery", "celery.exe")


def invocation(command: Command, table: Table) -> Invocation | None:
    """How COMMAND calls Celery; None when it does not. Of several nodes of `celery multi`, the first."""
    return next(iter(invocations(command, table)), None)


def invocations(command: Command, table: Table) -> tuple[Invocation, ...]:
    """How COMMAND calls Celery: one invocation, or one for each node of `celery multi start`."""
    if not runs_celery(command):
        return ()
    head = _Reader(table, None)
    rest = head.read(command.words[1:])
    subcommand = rest[0].text if rest else None
    if subcommand == "multi":
        return tuple(_of_node(command, table, head, node) for node in multi.nodes(rest[1:]))
    tail = _Reader(table, subcommand)
    tail.extra.extend(tail.read(rest[1:]))
    return (_made(command, table, head, tail, subcommand),)


def _of_node(command: Command, table: Table, head: _Reader, node: multi.Node) -> Invocation:
    tail = _Reader(table, "worker")
    tail.read(node.words)
    tail.is_open = tail.is_open or node.open
    return _made(command, table, head, tail, "multi", node.name)


def _made(
    command: Command, table: Table, head: _Reader, tail: _Reader, subcommand: str | None, node: str | None = None
) -> Invocation:
    options = head.options | tail.options
    app = options.pop("app", None)
    # `celery multi` hands options on to `celery worker` itself, so there `-A` belongs behind.
    after = "app" in tail.options and "app" not in head.options and node is None and subcommand != "multi"
    variables = _environment_options(command.environment, table, "worker" if node else subcommand)
    name = next((name for name in ("APP", "CELERY_APP") if name in command.environment), None)
    if app is None and name is not None:
        app = Word(command.environment[name], name, Span(command.span.start, command.span.end))
    return Invocation(
        subcommand,
        app,
        after,
        options,
        (*head.unknown, *tail.unknown),
        tuple(tail.extra),
        head.is_open or tail.is_open,
        {name: value for name, value in variables.items() if name not in options},
        node,
    )


def _environment_options(
    environment: Mapping[str, str | None], table: Table, subcommand: str | None
) -> dict[str, str | None]:
    if subcommand is None:
        return {}
    names = {f"CELERY_{subcommand.upper()}_{name.upper()}": name for name in table.options(subcommand)}
    return {names[variable]: value for variable, value in environment.items() if variable in names}


class _Reader:
    """Reads the options of `celery` (SUBCOMMAND None) or of one sub-command, as click does."""

    def __init__(self, table: Table, subcommand: str | None) -> None:
        self.table = table
        self.subcommand = subcommand
        self.options = dict[str, Word]()
        self.unknown = list[Word]()
        self.extra = list[Word]()
        self.is_open = False
        # Options of `celery` given after the sub-command are an error of the user's that we understand.
        known = (table.options(None) if subcommand else {}) | table.options(subcommand)
        self.flags = {flag: (name, option) for name, option in known.items() for flag in option.flags}

    def read(self, words: Sequence[Word]) -> Sequence[Word]:
        """Read WORDS; of `celery` itself, up to the sub-command. The words that are left."""
        index = 0
        while index < len(words):
            word = words[index]
            text = word.prefix if word.text is None else word.text
            if text == "--" and word.text is not None:
                return words[index + 1 :]
            if len(text) > 1 and text.startswith("-"):
                index += self._option(word, text, words[index + 1 : index + 2])
            elif word.text is None and text in ("", "-"):
                self.is_open = True
                if self.subcommand is None and not self._is_followed_by_subcommand(words[index + 1 :]):
                    return ()
                index += 1
            elif self.subcommand is None:
                return words[index:]
            else:
                self.extra.append(word)
                index += 1
        return ()

    def _is_followed_by_subcommand(self, words: Sequence[Word]) -> bool:
        return any(word.text in self.table.cli or word.text == "flower" for word in words if word.text)

    def _option(self, word: Word, text: str, following: Sequence[Word]) -> int:
        """Read the option TEXT of WORD; how many words it took."""
        name, equals, _ = text.partition("=")
        if text.startswith("--"):
            if word.text is None and not equals:
                self.is_open = True
                return 1
            if name not in self.flags:
                self.unknown.append(word)
                return 1
            canonical, option = self.flags[name]
            if equals and option.takes_value:
                self.options[canonical] = part(word, len(name) + 1)
                return 1
            return self._whole(word, canonical, option, following)
        return self._short(word, text, following)

    def _short(self, word: Word, text: str, following: Sequence[Word]) -> int:
        """Read `-Q a`, `-Qa` or bundled flags (`-EB`)."""
        for index in range(1, len(text)):
            found = self.flags.get("-" + text[index])
            if found is None:
                self.unknown.append(word)
                return 1
            canonical, option = found
            if not option.takes_value:
                self.options[canonical] = word
                continue
            if index + 1 < len(text) or word.text is None:
                self.options[canonical] = part(word, index + 1)
                return 1
            return self._whole(word, canonical, option, following)
        if word.text is None:
            self.is_open = True
        return 1

    def _whole(self, word: Word, canonical: str, option: Option, following: Sequence[Word]) -> int:
        """Read an option whose value, if it takes one, is the next word."""
        if not option.takes_value:
            self.options[canonical] = word
            return 1
        if not following:
            self.unknown.append(word)
            return 1
        self.options[canonical] = following[0]
        return 2


def part(word: Word, start: int) -> Word:
    """WORD from the character START of its text on: the value in `--queues=a` or `-Qa`."""
    text = None if word.text is None else word.text[start:]
    prefix = word.prefix[start:]
    known = (word.prefix if word.text is None else word.text)[:start]
    # Quotes or expansions inside the option itself would shift the place; then the whole word is the place.
    if not word.raw.startswith(known):
        return Word(text, word.raw, word.span, None, prefix)
    place = Span(word.span.start + len(known.encode()), word.span.end)
    return Word(text, word.raw[start:], place, None, prefix)
