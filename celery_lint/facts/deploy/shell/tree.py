"""What a shell script is made of, as far as it matters to which commands run. Offsets are into the script's text."""

from __future__ import annotations

from msgspec import Struct


class Characters(Struct, frozen=True):
    """Literal characters START:END of the script; TEXT without what quotes it. OFFSETS says where each stands."""

    text: str
    offsets: tuple[int, ...]
    quoted: bool


class Variable(Struct, frozen=True):
    """`$NAME`, `${NAME}`, `${NAME:-argument}`. OPERATOR without the colon: `-`, `=`, `+`, `?`, or "" for none.

    NAME is a number or `@`, `*` for arguments. INDEX is what stands in `[…]`.
    """

    name: str
    operator: str
    argument: ShellWord | None
    quoted: bool
    start: int
    end: int
    index: str | None = None


class Substitution(Struct, frozen=True):
    """Something whose value only running it would tell: `$(…)`, backticks, `${x%y}`, `$?`."""

    quoted: bool
    start: int
    end: int


Segment = Characters | Variable | Substitution


class ShellWord(Struct, frozen=True):
    """One word as it is written."""

    segments: tuple[Segment, ...]
    start: int
    end: int

    @property
    def plain(self) -> str | None:
        """The text of a word without any quotes or expansions: what can be a reserved word."""
        if len(self.segments) == 1 and isinstance(self.segments[0], Characters) and not self.segments[0].quoted:
            return self.segments[0].text
        return None


class Assign(Struct, frozen=True):
    """`NAME=value`, `NAME+=value`, `NAME=(value …)`."""

    name: str
    value: ShellWord | tuple[ShellWord, ...]
    append: bool


class Simple(Struct, frozen=True):
    """A simple command with the assignments in front of it."""

    assigns: tuple[Assign, ...]
    words: tuple[ShellWord, ...]


class Chain(Struct, frozen=True):
    """`first && second || third`: OPERATORS stand between the STEPS."""

    steps: tuple[Node, ...]
    operators: tuple[str, ...]


class Pipeline(Struct, frozen=True):
    """`first | second`; NEGATED by a leading `!`."""

    steps: tuple[Node, ...]
    negated: bool = False


class If(Struct, frozen=True):
    """`if`/`elif` branches (condition, body), then ORELSE."""

    branches: tuple[tuple[tuple[Node, ...], tuple[Node, ...]], ...]
    orelse: tuple[Node, ...] | None


class Case(Struct, frozen=True):
    """`case SUBJECT in patterns) body ;; esac`."""

    subject: ShellWord
    branches: tuple[tuple[tuple[ShellWord, ...], tuple[Node, ...]], ...]


class Loop(Struct, frozen=True):
    """`for VARIABLE in WORDS`, or `while`/`until` CONDITION (then VARIABLE is None)."""

    variable: str | None
    words: tuple[ShellWord, ...] | None
    condition: tuple[Node, ...]
    body: tuple[Node, ...]


class Group(Struct, frozen=True):
    """`{ …; }`, or a SUBSHELL `( … )`, whose assignments are not seen outside."""

    body: tuple[Node, ...]
    subshell: bool


class FunctionDefinition(Struct, frozen=True):
    """`name() { …; }`."""

    name: str
    body: Node


Node = Simple | Chain | Pipeline | If | Case | Loop | Group | FunctionDefinition
