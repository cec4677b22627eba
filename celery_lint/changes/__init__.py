"""What changed in the files of a project against a commit of its git repository.

`base_of` finds the commit, `changes_since` compares. Only these start a program, and that program is git.
"""

from celery_lint.changes.base import Base, base_of
from celery_lint.changes.compare import changes_since
from celery_lint.changes.difference import carried
from celery_lint.changes.model import Changes, LineSet

__all__ = ["Base", "Changes", "LineSet", "base_of", "carried", "changes_since"]
