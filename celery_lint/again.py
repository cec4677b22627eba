"""The same command line again, and something has changed: whether that counts is found out before the command line, the
model and the rules are loaded."""

from __future__ import annotations

from celery_lint.cache.folder import Folder
from celery_lint.cache.replay import Replay
from celery_lint.cache.shortcut import Shortcut
from celery_lint.cache.stamp import digest, tool_stamp


def holds_still(last: Shortcut) -> bool:
    """Whether what LAST says is what a run would say now. If so it is known for the next time."""
    folder = Folder(last.folder, last.secret)
    replay = Replay(folder, tool_stamp(), last.said.root, imports_digest)
    if not replay.holds(last.said.run, last.said.watched, last.states, last.started):
        return False
    if replay.sure() is not None:
        last.renew(folder)
    return True


def imports_digest(data: bytes) -> bytes:
    """A digest of what a Python file of the bytes DATA imports."""
    # Most files were never asked.
    from celery_lint.cache.facts import encoded
    from celery_lint.project.code.imports import imported_names

    return digest(encoded(imported_names(data)))
