"""What was found in a project as it was at a commit: the same run, on the files of then, in memory."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from celery_lint.baseline import Baseline
from celery_lint.cache.facts import FactStore
from celery_lint.changes import Changes
from celery_lint.errors import UserError
from celery_lint.run import run
from celery_lint.settings import Configuration

_TEXTS = frozenset({
    ".py", ".pyi", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".conf", ".service", ".sh", ".bash", ".env", ".txt", ".in",
    ".lock", ".json", ".tpl", ".mk", "",
})  # fmt: skip
# When more went than these, it is another project.
_MOST_DELETED = 2_000


def found_before(
    changes: Changes, paths: Collection[str], configuration: Configuration, store: FactStore, known: Collection[str]
) -> Baseline | None:
    """What was found before CHANGES of PATHS, all files of the project, with the CONFIGURATION of today; None when that
    cannot be told. KNOWN are the codes of all rules."""
    gone = _deleted(changes, configuration)
    if len(gone) > _MOST_DELETED:
        return None
    olds = {path: changes.old(path) for path in (*gone, *(changes.lines.keys() - changes.new - changes.renamed.keys()))}
    for path, old in changes.renamed.items():
        if not old.startswith("../"):
            olds[old] = changes.old(path)
    overlay = {path: data for path, data in olds.items() if data is not None}
    new = {*changes.new, *changes.renamed}
    try:
        done = run(
            configuration, overlay, store=store, with_fixes=False, paths=sorted({*paths, *overlay}.difference(new))
        )
    except UserError:
        return Baseline(Path())  # there was nothing to read
    if done.crashed:
        return None
    match = Baseline(Path()).match(done.report, known)
    return Baseline(Path(), tuple(match.entry(place) for place in match.fingerprints))


def _deleted(changes: Changes, configuration: Configuration) -> list[str]:
    exclude = GitIgnoreSpec.from_lines(configuration.settings.exclude)
    return [path for path in changes.deleted if PurePosixPath(path).suffix in _TEXTS and not exclude.match_file(path)]
