"""Lines of a file, with continued ones joined."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.deploy.text import DeployFile, Spanned, joined


def physical_lines(file: DeployFile) -> Iterator[Spanned]:
    """The lines of FILE without their newlines."""
    start = 0
    for line in file.source.split("\n"):
        yield file.text(start, start + len(line.removesuffix("\r")))
        start += len(line) + 1


def logical_lines(file: DeployFile, comment: str | None = None) -> Iterator[Spanned]:
    """The lines of FILE; one that ends with a backslash goes on in the next, after a single space.

    Lines that start with COMMENT are left out, also between continued lines.
    """
    parts = list[Spanned]()
    for line in physical_lines(file):
        if comment is not None and line.value.lstrip().startswith(comment):
            continue
        stripped = line.value.rstrip()
        if stripped.endswith("\\"):
            # The backslash itself becomes the space that separates the words.
            end = len(stripped)
            parts.append(line[: end - 1])
            parts.append(Spanned(" ", line.starts[end - 1 : end], line.ends[end - 1 : end]))
            continue
        yield joined([*parts, line]) if parts else line
        parts = []
    if parts:
        yield joined(parts)
