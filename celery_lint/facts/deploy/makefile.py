"""Makefiles: recipe lines, with the variables that make itself expands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from celery_lint.facts.deploy import split
from celery_lint.facts.deploy.command import Service
from celery_lint.facts.deploy.lines import logical_lines
from celery_lint.facts.deploy.program import from_shell
from celery_lint.facts.deploy.text import LONGEST_VALUE, DeployFile, Spanned, has_holes, spread
from celery_lint.facts.model import Command

_ASSIGNMENT = re.compile(r"\s*(?:(export|override)\s+)?([\w.-]+)\s*(:::?=|::?=|\?=|\+=|!=|=)\s*")
_RULE = re.compile(r"([^\s:#=][^:#=]*)::?(?!=)")
_CONDITIONAL = re.compile(r"\s*(ifeq|ifneq|ifdef|ifndef)\b")
_REFERENCE = re.compile(r"\$\$|\$\(([^()$]*)\)|\$\{([^{}$]*)\}|\$\([^)]{0,1000}\)+|\$(.)")
_RECIPE_PREFIX = re.compile(r"[\s@+-]*")


class _Makefile(Struct):
    """Variables as they were assigned last; None for those that depend on a condition or on running something.
    VALUES are those variables expanded, once all are read; DEPTH counts open conditionals."""

    file: DeployFile
    variables: dict[str, str | None] = field(default_factory=dict)
    values: dict[str, str | None] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    depth: int = 0


def commands(file: DeployFile) -> Iterator[Command]:
    """What the recipes of a Makefile run. SERVICE is the target."""
    make, target, recipes = _Makefile(file), "", list[tuple[str, Spanned]]()
    for line in logical_lines(file):
        if line.value.startswith("\t"):
            recipes.append((target, line))
        else:
            target = _outside_recipes(make, target, line, recipes)
    for name, line in recipes:
        prefix = _RECIPE_PREFIX.match(line.value)
        text = _expanded(make, line[prefix.end() if prefix else 0 :])
        environment = {key: _value(make, key) for key in sorted(make.exported)}
        service = Service(file, "makefile", name or None, environment=environment)
        yield from service.commands(from_shell(file, text))


def _outside_recipes(make: _Makefile, target: str, line: Spanned, recipes: list[tuple[str, Spanned]]) -> str:
    """Note what LINE, which is no recipe line, says; the target that recipes below it belong to."""
    if _CONDITIONAL.match(line.value):
        make.depth += 1
    elif line.value.strip() == "endif":
        make.depth = max(make.depth - 1, 0)
    elif assignment := _ASSIGNMENT.match(line.value):
        _assign(make, assignment, line.value[assignment.end() :])
    elif rule := _RULE.match(line.value):
        names = rule[1].split()
        recipe = line.value.find(";")
        if recipe >= 0:
            recipes.append((names[0] if names else "", line[recipe + 1 :]))
        return names[0] if names else ""
    return target


def _assign(make: _Makefile, assignment: re.Match[str], rest: str) -> None:
    name, operator = assignment[2], assignment[3]
    value = rest.partition(" #")[0].strip()
    before = make.variables.get(name)
    if assignment[1] == "export":
        make.exported.add(name)
    if operator == "!=" or (make.depth and before != value):
        make.variables[name] = None if name in make.variables or operator == "!=" else value
    elif operator == "+=":
        known = before if name in make.variables else ""
        make.variables[name] = None if known is None else f"{known} {value}".strip()[:LONGEST_VALUE]
    elif operator != "?=" or name not in make.variables:
        make.variables[name] = value


def _expanded(make: _Makefile, text: Spanned) -> Spanned:
    return split.filled(make.file, text, _REFERENCE, lambda match: _reference(make, match))


def _reference(make: _Makefile, match: re.Match[str]) -> str | None:
    if match.group() == "$$":
        return "$"
    name = match[1] or match[2] or match[3] or ""
    return {"MAKE": "make", "SHELL": "sh"}.get(name) or _value(make, name)


def _value(make: _Makefile, name: str) -> str | None:
    """The value of the variable NAME with those in it expanded."""
    if name not in make.values:
        # Unknown while it is expanded, which ends variables that refer to themselves.
        make.values[name] = None
        known = make.variables.get(name)
        if known is not None:
            inner = _expanded(make, spread(known, (0, 0))).value
            make.values[name] = None if has_holes(inner) or len(inner) > LONGEST_VALUE else inner
    return make.values[name]
