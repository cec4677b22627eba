"""Dockerfiles: what each build stage runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from celery_lint.facts.deploy import split
from celery_lint.facts.deploy.command import Service
from celery_lint.facts.deploy.lines import logical_lines
from celery_lint.facts.deploy.program import Found, from_shell, from_words
from celery_lint.facts.deploy.shell.expand import Scope
from celery_lint.facts.deploy.text import DeployFile, Spanned, spread
from celery_lint.facts.model import Command, Copy

_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+")
_FROM = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+[Aa][Ss]\s+(\S+))?")
_HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_VARIABLE = re.compile(r"\$\{(\w+)(?:(:?[-+])([^{}]*))?\}|\$(\w+)", re.ASCII)


class _Stage(Struct, frozen=True):
    """One build stage so far; ENTRYPOINT and CMD are their instructions' arguments."""

    name: str | None = None
    environment: dict[str, str | None] = field(default_factory=dict)
    workdir: str | None = None
    entrypoint: Spanned | None = None
    cmd: Spanned | None = None
    own: bool = False


def commands(file: DeployFile) -> Iterator[Command]:
    """What the last stage runs (STAGE is None), and each named stage that says so itself."""
    stages = _stages(file)
    for index, stage in enumerate(stages):
        is_last = index == len(stages) - 1
        if is_last or (stage.name and stage.own):
            yield from _of_stage(file, replace(stage, name=None) if is_last else stage)


def copies(file: DeployFile) -> Iterator[Copy]:
    """`COPY source … destination`, sources relative to the build context."""
    workdir = "/"
    for instruction, arguments in _instructions(file):
        if instruction == "WORKDIR":
            workdir = _joined_path(workdir, arguments.value.strip())
        if instruction in ("COPY", "ADD") and "--from" not in arguments.value:
            yield from _copied(arguments, workdir)


def _copied(arguments: Spanned, workdir: str) -> Iterator[Copy]:
    words = _exec_form(arguments) or split.words(arguments)
    paths = [word.value for word in words if not word.value.startswith("--")]
    if len(paths) < 2 or any("$" in path or "*" in path or "://" in path for path in paths):
        return
    for source in paths[:-1]:
        yield Copy(source, _joined_path(workdir, paths[-1]))


def _joined_path(folder: str, path: str) -> str:
    if path.startswith("/"):
        return path
    path = path.removeprefix("./")
    return folder.rstrip("/") + "/" + ("" if path == "." else path)


def _instructions(file: DeployFile) -> Iterator[tuple[str, Spanned]]:
    """Instructions in capitals with their arguments; here-documents are passed over."""
    document: str | None = None
    for line in logical_lines(file, comment="#"):
        if document is not None:
            document = None if line.value.strip() == document else document
            continue
        match = _INSTRUCTION.match(line.value)
        if match is None:
            continue
        instruction = match[1].upper()
        if instruction in ("RUN", "COPY", "ADD") and (heredoc := _HEREDOC.search(line.value)):
            document = heredoc[1]
        yield instruction, line[match.end() :]


def _stages(file: DeployFile) -> list[_Stage]:
    stages, arguments = list[_Stage](), dict[str, str | None]()
    for instruction, text in _instructions(file):
        if instruction == "FROM":
            stages.append(_new_stage(text, arguments, stages))
        elif not stages:
            if instruction == "ARG":
                name, _, default = text.value.strip().partition("=")
                arguments[name] = default or None
        else:
            stages[-1] = _after(file, stages[-1], instruction, text)
    return stages


def _new_stage(text: Spanned, arguments: dict[str, str | None], stages: list[_Stage]) -> _Stage:
    match = _FROM.match(text.value)
    if match is None:
        return _Stage()
    variable = _VARIABLE.fullmatch(match[1])
    base = match[1] if variable is None else arguments.get(variable[1] or variable[4]) or variable[3]
    parent = next((stage for stage in stages if stage.name and stage.name == base), _Stage())
    return replace(parent, name=match[2], own=False)


def _after(file: DeployFile, stage: _Stage, instruction: str, text: Spanned) -> _Stage:
    match instruction:
        case "CMD":
            return replace(stage, cmd=text, own=True)
        case "ENTRYPOINT":
            # An image's CMD from a parent stage is dropped when a new ENTRYPOINT is set.
            return replace(stage, entrypoint=text, cmd=stage.cmd if stage.own else None, own=True)
        case "WORKDIR":
            return replace(stage, workdir=_joined_path(stage.workdir or "/", text.value.strip()))
        case "ENV":
            return replace(stage, environment=stage.environment | dict(_variables(file, stage, text)))
    return stage


def _variables(file: DeployFile, stage: _Stage, text: Spanned) -> Iterator[tuple[str, str | None]]:
    words = split.words(text)
    if words and "=" not in words[0].value:
        pairs = [(words[0].value, text.value.strip()[len(words[0].value) :].strip())]
    else:
        pairs = [(name, value) for name, equals, value in (word.value.partition("=") for word in words) if equals]
    for name, value in pairs:
        filled = split.filled(file, spread(value, (0, 0)), _VARIABLE, lambda match: _filled(stage, match))
        yield name, file.known(filled.value)


def _filled(stage: _Stage, match: re.Match[str]) -> str | None:
    known = stage.environment.get(match[1] or match[4])
    default = match[3] if (match[2] or "").endswith("-") else None
    return default if known is None else known


def _of_stage(file: DeployFile, stage: _Stage) -> Iterator[Command]:
    entrypoint = _exec_form(stage.entrypoint)
    cmd = _exec_form(stage.cmd)
    service = Service(file, "dockerfile", None, stage.environment, workdir=stage.workdir, stage=stage.name)
    if stage.entrypoint is not None and entrypoint is None:
        yield from service.commands(_from_shell_form(file, stage, stage.entrypoint))
    elif entrypoint is not None:
        shell = [] if stage.cmd is None or cmd is not None else _as_shell(stage.cmd)
        service = replace(service, entrypoint=tuple(file.word(word) for word in entrypoint))
        own = (*entrypoint, *(cmd or ()), *shell)
        yield from service.commands(list(from_words(file, own, execs=True)) or [Found(own, execs=True)])
    elif cmd is not None:
        yield from service.commands(from_words(file, cmd, execs=True))
    elif stage.cmd is not None:
        yield from service.commands(_from_shell_form(file, stage, stage.cmd))


def _from_shell_form(file: DeployFile, stage: _Stage, text: Spanned) -> Iterator[Found]:
    known = {name: value for name, value in stage.environment.items() if value is not None}
    return from_shell(file, text, Scope({name: spread(value, text.place) for name, value in known.items()}))


def _as_shell(text: Spanned) -> list[Spanned]:
    return [spread("/bin/sh", text.place), spread("-c", text.place), text]


def _exec_form(text: Spanned | None) -> list[Spanned] | None:
    """The words of `["a", "b"]`; None for the shell form."""
    if text is None or not text.value.strip().startswith("["):
        return None
    try:
        values = json.loads(text.value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return None
    found = list[Spanned]()
    for item, match in zip(values, _STRING.finditer(text.value), strict=False):
        value = item.encode("utf-8", errors="replace").decode("utf-8")  # `"\ud800"` is JSON, but no text
        outer = text[match.start() : match.end()]
        inner = text[match.start() + 1 : match.end() - 1]
        found.append((inner if inner.value == value else spread(value, outer.place)).at(outer.place))
    return found
