"""supervisor programs (`[program:x]` with `command=`) and circus watchers (`[watcher:x]` with `cmd =`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from celery_lint.facts.deploy import split
from celery_lint.facts.deploy.command import Service, folder
from celery_lint.facts.deploy.lines import physical_lines
from celery_lint.facts.deploy.program import from_words
from celery_lint.facts.deploy.text import DeployFile, Spanned, joined
from celery_lint.facts.model import Command

IS_SUPERVISOR = re.compile(rb"^[ \t]*\[(program|watcher):", re.MULTILINE)
_SECTION = re.compile(r"\[(program|watcher):([^\]]+)\]")
_ENTRY = re.compile(r"(\w+)\s*[=:]\s*")
_EXPANSION = re.compile(r"%%|%\((\w+)\)(\d*[sd])|\$\((?:circus\.)?[\w.]+\)")
_VARIABLE = re.compile(r"""([A-Za-z_]\w*)\s*=\s*("[^"]*"|'[^']*'|[^,]*)""", re.ASCII)


class _Program(Struct):
    name: str
    entries: dict[str, Spanned] = field(default_factory=dict)


def commands(file: DeployFile) -> Iterator[Command]:
    """What the programs of a supervisor configuration run."""
    for program in _programs(file):
        yield from _of_program(file, program)


def _of_program(file: DeployFile, program: _Program) -> Iterator[Command]:
    entries = program.entries
    command = entries.get("command") or entries.get("cmd")
    if command is None:
        return
    directory = entries.get("directory") or entries.get("working_dir")
    processes = entries.get("numprocs") or entries.get("numprocesses")
    service = Service(
        file,
        "supervisor",
        program.name,
        environment=dict(_environment(entries.get("environment"))),
        replicas=_count(processes),
        replicas_place=None if processes is None else processes.place,
        workdir=directory.value.strip() if directory else None,
        alternative=folder(file.path),
    )
    filled = split.filled(file, command, _EXPANSION, lambda match: _expansion(match, program.name))
    yield from service.commands(from_words(file, split.words(filled), execs=True))


def _count(text: Spanned | None) -> int | None:
    count = "" if text is None else text.value.strip()
    return int(count) if count.isdecimal() and count.isascii() and len(count) < 10 else None


def _programs(file: DeployFile) -> list[_Program]:
    found, program, key = list[_Program](), None, ""
    for line in physical_lines(file):
        stripped = line.value.strip()
        if stripped.startswith((";", "#")):
            continue
        if stripped.startswith("["):
            section = _SECTION.match(stripped)
            program, key = _Program(section[2].strip()) if section else None, ""
            found.extend([program] if program else [])
        elif program is not None and stripped:
            key = _add(program, key, _without_comment(line))
    return found


def _add(program: _Program, key: str, line: Spanned) -> str:
    """Add LINE to PROGRAM: indented, it continues the entry KEY. The key of the entry it belongs to."""
    if line.value[:1] in " \t":
        if key in program.entries:
            program.entries[key] = joined([program.entries[key], line])
        return key
    match = _ENTRY.match(line.value)
    if match is None:
        return ""
    program.entries[match[1]] = line[match.end() :]
    return match[1]


def _without_comment(line: Spanned) -> Spanned:
    comment = re.search(r"\s[;]", line.value)
    return line[: comment.start()] if comment else line


def _expansion(match: re.Match[str], program: str) -> str | None:
    if match.group() == "%%":
        return "%"
    return program if match[1] == "program_name" else None


def _environment(text: Spanned | None) -> Iterator[tuple[str, str | None]]:
    for match in _VARIABLE.finditer("" if text is None else text.value):
        value = match[2].strip()
        if value[:1] in "'\"" and value[:1]:
            value = value[1:-1]
        yield match[1], None if "%(" in value else value.replace("%%", "%")
