"""What names of a project can lead to: functions, classes, other definitions, and what is not the project's."""

from __future__ import annotations

from msgspec import Struct

from celery_lint.facts.model import Assignment, Class, Function


class External(Struct, frozen=True, gc=False):
    """Something that no file of the project defines, by its dotted name."""

    name: str


class Internal(Struct, frozen=True, gc=False):
    """Something a file of the project defines: FACT (None: the module itself), and the attributes after it."""

    path: str
    fact: Function | Class | Assignment | None
    rest: tuple[str, ...] = ()


Target = External | Internal


class FunctionRef(Struct, frozen=True, gc=False):
    """A function of the project: the file and the number of its body's block."""

    path: str
    block: int


class ClassRef(Struct, frozen=True, gc=False):
    """A class of the project: the file and the number of its body's block."""

    path: str
    block: int
