"""celery-lint from Python: one project, one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from celery_lint.cache.facts import FactStore
from celery_lint.configfile import Place, locate
from celery_lint.finding import Finding
from celery_lint.run import run
from celery_lint.settings import Configuration, load, override


def check_tree(
    root: Path, *, select: Sequence[str] | None = None, with_fixes: bool = False, rules: Path | None = None
) -> tuple[Finding, ...]:
    """The findings in the project at ROOT; SELECT runs only these rules, the folder RULES has more of them."""
    return run(_configuration_of(root, select, rules), with_fixes=with_fixes).report.findings


def fix_tree(
    root: Path, *, select: Sequence[str] | None = None, unsafe: bool = False, rules: Path | None = None
) -> None:
    """Write the fixes of what `check_tree` finds."""
    from celery_lint.repair import fix, plan_fixes

    configuration, store = _configuration_of(root, select, rules), FactStore()
    done = run(configuration, store=store)
    planned = plan_fixes(done, configuration, (".",), store, unsafe=unsafe)
    fix(planned, done, configuration, (".",), store)


def _configuration_of(root: Path, select: Sequence[str] | None, rules: Path | None) -> Configuration:
    place = locate(root)
    loaded = load(place if place.root == root.resolve() else Place(root.resolve(), None))
    configuration = replace(loaded, own_rules=rules)
    return configuration if select is None else override(configuration, {"select": tuple(select)})
