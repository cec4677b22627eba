"""What `check` does to files when it is asked to: fixes, and comments that silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from celery_lint.cache.facts import FactStore
from celery_lint.commands.options import Options
from celery_lint.commands.results import warning
from celery_lint.ignoring import Silencing
from celery_lint.repair import fix, plan_comments, plan_fixes, put_comments
from celery_lint.run import Run
from celery_lint.scope import Scope
from celery_lint.settings import Configuration


class Edits(Struct, frozen=True):
    """The bytes of the files that were changed, or would be, BEFORE and AFTER, and what to SAY of it."""

    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    say: tuple[str, ...]


def edit(
    done: Run,
    configuration: Configuration,
    selection: tuple[str, ...],
    store: FactStore,
    options: Options,
    scope: Scope,
) -> Edits:
    """Change what OPTIONS ask for, where DONE found something at or below SELECTION and in SCOPE; with `--diff` nothing
    is written."""
    if options.add_ignore is not None:
        comments = plan_comments(done, configuration, selection, store, options.add_ignore, scope)
        if options.diff:
            return Edits(comments.before, comments.after, tuple(map(warning, comments.refused)))
        comments = put_comments(comments, configuration)
        return Edits(comments.before, comments.after, tuple(_added(comments, options)))
    planned = plan_fixes(done, configuration, selection, store, unsafe=options.unsafe_fixes, scope=scope)
    if options.diff:
        return Edits(planned.before, planned.after, tuple(warning(each.reason) for each in planned.refused))
    fixed = fix(planned, done, configuration, selection, store, scope)
    after = {path: planned.after[path] for path in fixed.written}
    return Edits(planned.before, after, tuple(warning(each.reason) for each in fixed.refused))


def _added(comments: Silencing, options: Options) -> Iterator[str]:
    """What to say of the COMMENTS that were added, and of what could not be silenced so."""
    yield from map(warning, comments.refused)
    if not options.quiet:
        count, files = len(comments.silenced), len(comments.after)
        yield f"Silenced {count} finding{'' if count == 1 else 's'} in {files} file{'' if files == 1 else 's'}."
