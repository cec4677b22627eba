"""What names of a project can lead to: functions, classes, other definitions, and what is not the project's."""

from __future__ import annotations

from dataclasses import dataclass

from celery_lint.facts.model import Assignment, Class, Function


@dataclass(frozen=True)
class External:
    """Something that no file of the project defines, by its dotted name."""

    name: str


@dataclass(frozen=True)
class Internal:
    """Something a file of the project defines: FACT (None: the module itself), and the attributes after it."""

    path: str
    fact: Function | Class | Assignment | None
    rest: tuple[str, ...] = ()


Target = External | Internal


@dataclass(frozen=True)
class FunctionRef:
    """A function of the project: the file and the number of its body's block."""

    path: str
    block: int


@dataclass(frozen=True)
class ClassRef:
    """A class of the project: the file and the number of its body's block."""

    path: str
    block: int
