"""Which files an editor should tell of when somebody else changes them."""

from __future__ import annotations

from pathlib import Path

# Code, settings, requirements, and what starts workers.
WATCHERS = (
    "**/*.{py,toml,yml,yaml,sh,bash,env,cfg,ini,conf,service,mk,tpl,j2,txt,in,lock}",
    "**/{Dockerfile,Containerfile,Procfile,Makefile,GNUmakefile,Pipfile}*",
    "**/{.celery-lint-baseline.jsonl,.gitignore,.env,.env.*,.flake8}",
)
# What comes and goes in these is nobody's code.
_ASIDE = frozenset({
    ".git", ".hg", ".venv", "venv", "node_modules", "site-packages", "__pycache__", ".tox", ".nox", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", ".celery_lint_cache",
})  # fmt: skip


def is_of_interest(path: Path) -> bool:
    """Whether a change of PATH may change what is known of a project."""
    return not any(part in _ASIDE for part in path.parts)
