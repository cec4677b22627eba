"""CEL002: a file that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location
from celery_lint.project.model import Unreadable
from celery_lint.rule import HIGH, WARNING, rule


@rule("CEL002", "unreadable-file", since="0.1", severity=WARNING, confidence=HIGH)
def check(file: Unreadable) -> Iterator[Finding]:
    """A file could not be read, so nothing that it may say is known."""
    yield Finding(
        code="CEL002",
        name="unreadable-file",
        severity=WARNING,
        confidence=HIGH,
        message=f"this file could not be read: {file.message}; what it may hold is left out of all judgements",
        location=Location(file.path, file.span),
        entity=f"file:{file.path}",
    )
