"""What deployment files are for: production, or somebody's own machine."""

from __future__ import annotations

import re

from celery_lint.facts.model import Command, Word
from celery_lint.finding import Span
from celery_lint.source import Source

CONTAINERS = frozenset({"compose", "dockerfile", "kubernetes", "helm"})
# Files whose commands run together. A Makefile's targets and a project's scripts are choices.
_TOGETHER = frozenset({"compose", "kubernetes", "helm", "procfile", "supervisor", "systemd", "platform"})
_DEVELOPMENT = re.compile(
    r"(?:^|[/._-])(?:dev|develop|development|devel|devcontainer|local|localhost|override|tests?|testing|debug|"
    r"examples?|samples?|demo|ci|e2e|playground|vscode|tilt)(?=[/._-]|$)",
    re.IGNORECASE,
)


def is_for_development(command: Command) -> bool:
    """Whether COMMAND is for a developer's machine, by what it stands in: a Makefile, a launcher, `compose.dev.yml`."""
    if command.kind in ("makefile", "python"):
        return True
    return any(_DEVELOPMENT.search(path) is not None for path in (command.path, command.alternative))


def runs_together(command: Command) -> bool:
    """Whether the commands of COMMAND's group are started together."""
    return command.kind in _TOGETHER


def written(word: Word, source: Source) -> Span | None:
    """Where the text of WORD stands in SOURCE, without quotes; None when it is put together from several places."""
    if word.text is None or word.span.start == word.span.end:
        return None
    data, text = source.data[word.span.start : word.span.end], word.text.encode()
    if data == text:
        return word.span
    if len(data) > 1 and data[:1] in (b"'", b'"') and data[1:-1] == text and data[-1:] == data[:1]:
        return Span(word.span.start + 1, word.span.end - 1)
    return None
