"""How a file was: whether it may have changed since is told without opening it."""

from __future__ import annotations

import os

State = tuple[int, int, int]
"""Modification time (nanoseconds since the epoch), size (0 for a folder), inode."""

NOWHERE: State = (0, 0, 0)
"""The state of what does not exist."""

# The clock of a file system is a little behind; some count whole seconds.
_TICK, _SECOND = 20_000_000, 1_000_000_000


def state_of(path: str) -> State:
    """How the file or folder at PATH is now."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return NOWHERE
    return status.st_mtime_ns, 0 if status.st_mode & 0o040000 else status.st_size, status.st_ino


def is_settled(time: int, started: int) -> bool:
    """Whether a change after STARTED would have shown in a modification time of TIME (nanoseconds since the epoch)."""
    return time <= started - (2 * _SECOND if time % _SECOND == 0 else _TICK)
