"""Procfiles: `type: command`, run by a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.deploy.command import Service
from celery_lint.facts.deploy.lines import physical_lines
from celery_lint.facts.deploy.program import from_shell
from celery_lint.facts.deploy.text import DeployFile
from celery_lint.facts.model import Command

_ENTRY = re.compile(r"\s*([A-Za-z0-9_.-]+):[ \t]*(?=\S)")


def commands(file: DeployFile) -> Iterator[Command]:
    """What the process types of a Procfile run."""
    for line in physical_lines(file):
        match = _ENTRY.match(line.value)
        if match is not None:
            yield from Service(file, "procfile", match[1]).commands(from_shell(file, line[match.end() :]))
