"""Where the git repository around a folder is."""

from __future__ import annotations

from pathlib import Path


def find_git_root(start: Path) -> Path | None:
    """The nearest folder at or above START that holds `.git` (a folder, or the file of a worktree or submodule)."""
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)
