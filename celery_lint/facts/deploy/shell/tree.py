"""What a shell script is made of, as far as it matters to which commands run. Offsets are into the script's text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Characters:
    """Literal characters START:END of the script; TEXT without what quotes it. OFFSETS says where each stands."""

    text: str
    offsets: tuple[int, ...]
    quoted: bool


@dataclass(frozen=True, slots=True)
class Variable:
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


@dataclass(frozen=True, slots=True)
class Substitution:
    """Something whose value only running it would tell: `$(…)`, backticks, `${x%y}`, `$?`."""

    quoted: bool
    start: int
    end: int


Segment = Characters | Variable | Substitution


@dataclass(frozen=True, slots=True)
class ShellWord:
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


@dataclass(frozen=True, slots=True)
class Assign:
    """`NAME=value`, `NAME+=value`, `NAME=(value …)`."""

    name: str
    value: ShellWord | tuple[ShellWord, ...]
    append: bool


@dataclass(frozen=True, slots=True)
class Simple:
    """A simple command with the assignments in front of it."""

    assigns: tuple[Assign, ...]
    words: tuple[ShellWord, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """`first && second || third`: OPERATORS stand between the STEPS."""

    steps: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`first | second`; NEGATED by a leading `!`."""

    steps: tuple[Node, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class If:
    """`if`/`elif` branches (condition, body), then ORELSE."""

    branches: tuple[tuple[tuple[Node, ...], tuple[Node, ...]], ...]
    orelse: tuple[Node, ...] | None


@dataclass(frozen=True, slots=True)
class Case:
    """`case SUBJECT in patterns) body ;; esac`."""

    subject: ShellWord
    branches: tuple[tuple[tuple[ShellWord, ...], tuple[Node, ...]], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """`for VARIABLE in WORDS`, or `while`/`until` CONDITION (then VARIABLE is None)."""

    variable: str | None
    words: tuple[ShellWord, ...] | None
    condition: tuple[Node, ...]
    body: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """`{ …; }`, or a SUBSHELL `( … )`, whose assignments are not seen outside."""

    body: tuple[Node, ...]
    subshell: bool


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """`name() { …; }`."""

    name: str
    body: Node


Node = Simple | Chain | Pipeline | If | Case | Loop | Group | FunctionDefinition
