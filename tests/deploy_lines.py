"""How the tests of deployment readers write down what was read."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import dedent

from celery_lint.facts.deploy import read
from celery_lint.facts.model import Command, DeployFacts, Word


def facts(path: str, text: str) -> DeployFacts:
    return read(path, dedent(text).encode())


def line(command: Command) -> str:
    """COMMAND as `service: words`; an unknown word is written `?raw`, a script `[script]` before its words."""
    script = f"[{command.script}] " if command.script else ""
    return f"{command.service or '-'}: {script}{' '.join(map(shown, command.words))}".rstrip()


def shown(word: Word) -> str:
    return f"?{word.raw}" if word.text is None else word.text or "''"


def celery_lines(commands: Iterable[Command]) -> list[str]:
    """The lines of commands that run Celery or a script."""
    return [line(command) for command in commands if command.script or "celery" in line(command)]


def lines(path: str, text: str) -> list[str]:
    return celery_lines(facts(path, text).commands)
