"""systemd units: `ExecStart=` with `Environment=`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct, field

from celery_lint.facts.deploy import split
from celery_lint.facts.deploy.command import Service, folder
from celery_lint.facts.deploy.lines import logical_lines
from celery_lint.facts.deploy.program import from_words
from celery_lint.facts.deploy.text import DeployFile, Spanned
from celery_lint.facts.model import Command

_ENTRY = re.compile(r"\s*(\w+)\s*=\s*")
_PREFIX = re.compile(r"[-@:+!|]*\s*")
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)\}|\$([A-Za-z_]\w*)|%([%A-Za-z])", re.ASCII)


class _Unit(Struct):
    starts: list[Spanned] = field(default_factory=list)
    environment: dict[str, str | None] = field(default_factory=dict)
    workdir: str | None = None
    is_open: bool = False


def commands(file: DeployFile) -> Iterator[Command]:
    """What the unit starts. `%` specifiers and variables of an EnvironmentFile are not known."""
    unit = _read(file)
    name = posixpath.basename(file.path).partition(".service")[0]
    group = folder(file.path)
    service = Service(file, "systemd", name, unit.environment, workdir=unit.workdir, alternative=group)
    for start in unit.starts:
        words = [_expanded(file, unit, word) for word in split.words(start)]
        yield from service.commands(from_words(file, words, execs=True))


def _read(file: DeployFile) -> _Unit:
    unit = _Unit()
    for line in logical_lines(file, comment="#"):
        match = _ENTRY.match(line.value)
        if match is None:
            continue
        value = line[match.end() :]
        if match[1] == "ExecStart":
            prefix = _PREFIX.match(value.value)
            unit.starts.append(value[prefix.end() if prefix else 0 :])
        elif match[1] == "WorkingDirectory":
            unit.workdir = value.value.strip() or None
        elif match[1] == "Environment":
            for word in split.words(value):
                name, equals, text = word.value.partition("=")
                if equals:
                    unit.environment[name] = None if "%" in text else text
    return unit


def _expanded(file: DeployFile, unit: _Unit, word: Spanned) -> Spanned:
    def value(match: re.Match[str]) -> str | None:
        if match.group() in ("$$", "%%"):
            return match.group()[0]
        return None if match[3] else unit.environment.get(match[1] or match[2])

    return split.filled(file, word, _VARIABLE, value)
