"""Comments that speak to tools."""

from __future__ import annotations

_PRAGMAS = (
    "noqa",
    "type:",
    "pylint:",
    "pragma:",
    "nosec",
    "fmt:",
    "mypy:",
    "pyright:",
    "ruff:",
    "celery-lint:",
    "isort:",
)


def is_pragma(comment: str) -> bool:
    """Whether COMMENT speaks to a tool about its own line, and so goes with it."""
    return comment.lstrip("# ").lower().startswith(_PRAGMAS)
