"""The one narrow door from the test runner to the linter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from celery_lint.finding import Finding


class Engine(Protocol):
    """What the runner needs of a linter."""

    def findings(self, root: Path, select: Sequence[str] | None, *, with_fixes: bool) -> Sequence[Finding]:
        """All findings in the project at ROOT, not the suppressed ones.

        SELECT are the only rules that run; None leaves it to the project's configuration. WITH_FIXES asks for `fix`
        and `withheld` to be filled in.
        """
        ...

    def fix(self, root: Path, select: Sequence[str] | None, *, unsafe: bool) -> None:
        """Apply the fixes to the files at ROOT, as `--fix` (or `--unsafe-fixes`) does."""
        ...


class CeleryLint:
    """celery-lint itself, in this process. RULES is a folder of rules of your own that run beside ours."""

    def __init__(self, rules: Path | None = None) -> None:
        self._rules = rules

    def findings(self, root: Path, select: Sequence[str] | None, *, with_fixes: bool) -> Sequence[Finding]:
        """See `Engine.findings`."""
        from celery_lint.api import check_tree

        return check_tree(root, select=select, with_fixes=with_fixes, rules=self._rules)

    def fix(self, root: Path, select: Sequence[str] | None, *, unsafe: bool) -> None:
        """See `Engine.fix`."""
        from celery_lint.api import fix_tree

        fix_tree(root, select=select, unsafe=unsafe, rules=self._rules)
