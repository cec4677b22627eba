"""Lint a project and say what came of it: everything behind `celery-lint check` that has to be done anew."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from celery_lint import baseline
from celery_lint.baseline import Baseline
from celery_lint.begin import Begun
from celery_lint.cache.answers import Answers, together
from celery_lint.cache.facts import FactStore
from celery_lint.cache.replay import Output
from celery_lint.cache.state import State
from celery_lint.catalogue import catalogue_of
from celery_lint.changes import Base, changes_since
from celery_lint.commands.beginning import Beginning
from celery_lint.commands.console import note
from celery_lint.commands.options import Options, Surroundings
from celery_lint.commands.results import CLEAN, FAILED, FOUND, results
from celery_lint.configfile import Place
from celery_lint.errors import UserError
from celery_lint.report.text import escape, escape_lines
from celery_lint.run import Run, run
from celery_lint.scope import Scope
from celery_lint.settings import Configuration
from celery_lint.source import Source
from celery_lint.watch import UNWATCHED, Part, Watch

if TYPE_CHECKING:
    from celery_lint.commands.edits import Edits


class Outcome(Struct, frozen=True):
    """The OUTPUT of a run, and the files and folders (relative to the root, or absolute) that it DEPENDS_ON; none when
    it must not be taken for granted. ANSWERS say what of the files it depends on, SEEN how they were
    before they were read."""

    output: Output
    depends_on: tuple[str, ...] = ()
    answers: Answers = field(default_factory=Answers)
    seen: Mapping[str, State] = {}


def lint(
    beginning: Beginning,
    options: Options,
    targets: tuple[Path, ...],
    place: Place,
    selection: tuple[str, ...],
    around: Surroundings,
    base: Base | None = None,
    watch: Watch = UNWATCHED,
) -> Outcome:
    """Do what OPTIONS ask for with the project at PLACE, after its BEGINNING. SELECTION: the TARGETS, relative to the
    root. BASE is what --changed compares with, WATCH is told of everything that is done."""
    configuration, store = beginning.configuration, beginning.begun.store
    kept = None if options.no_baseline else baseline.find(configuration, options.baseline, isolated=options.isolated)
    done = run_on(configuration, targets, selection, store, watch=watch, begun=beginning.begun)
    with watch.at(Part.SAVE):
        _save(store, done)
    scope, compared = _scope(done, configuration, kept, base, store)
    if options.verbose:
        _say_what_was_used(configuration, place, done)
    said: tuple[str, ...] = () if options.quiet else compared
    edits: Edits | None = None
    if options.edits:
        with watch.at(Part.FIX):
            from celery_lint.commands.edits import edit

            edits = edit(done, configuration, selection, store, options, scope)
        if options.diff:
            return _outcome(done, _difference(done, edits), configuration, options, edits)
        said = (*edits.say, *said)
        if edits.after:
            scope = scope.after(lambda path: Source(path, edits.before[path]), edits.after)
            done = run_on(configuration, targets, selection, store, watch=watch)
            _save(store, done)
    done = replace(done, report=scope.of(done.report))
    with watch.at(Part.REPORT):
        output = results(done, configuration, place, selection, options, around)
    output = Output(output.status, output.stdout, (*said, *output.stderr), output.files)
    return _outcome(done, output, configuration, options, edits)


def _outcome(done: Run, output: Output, configuration: Configuration, options: Options, edits: Edits | None) -> Outcome:
    """What came of a run. It is not to be taken for granted where something went wrong, and where there were EDITS to
    be made or to be refused: what these depend on is more than the run looked at."""
    if options.no_cache or done.crashed or done.unlisted or (edits is not None and (edits.after or edits.say)):
        return Outcome(output)
    answers = together(project.files.answers() for project in done.projects)
    more = (*_own_rules(configuration), str(baseline.location(configuration, options.baseline)[0]))
    seen = {path: state for project in done.projects for path, state in project.files.states.items()}
    return Outcome(output, (*done.looked_at, *done.paths, *more), answers, seen)


def _scope(
    done: Run, configuration: Configuration, kept: Baseline | None, base: Base | None, store: FactStore
) -> tuple[Scope, tuple[str, ...]]:
    """Which of the findings of DONE count, and what to say of what they are compared with."""
    known = frozenset(catalogue_of(configuration).codes)
    if base is None:
        return Scope(kept, known=known), ()
    paths = {
        location.path
        for finding in done.report.findings
        for location in (finding.location, *(related.location for related in finding.related))
        if location.path != "."
    }
    changes = changes_since(base, sorted(paths), lambda path: done.report.source(path).data)
    scope = Scope(kept, changes.lines, known=known)
    if base.commit is not None and scope.of(done.report).elsewhere:
        # What else is found may be so because of lines that are gone.
        from celery_lint.earlier import found_before

        whole = changes_since(base, done.paths)
        if whole:
            scope = replace(scope, before=found_before(whole, done.paths, configuration, store, known))
    commit = changes.commit[:9] if changes.commit is not None else "no commit yet"
    count = f"{len(changes.lines)} of {len(paths)} files that findings are about have changed."
    return scope, (f"Compared with {escape(base.ref)} ({commit}): {count}",)


def _own_rules(configuration: Configuration) -> tuple[str, ...]:
    """The folders and files of the project's own rules: absolute, for that is how they count as a whole."""
    folder = configuration.own_rules
    return tuple(map(str, (folder, *folder.rglob("*")))) if folder is not None else ()


def _save(store: FactStore, done: Run) -> None:
    """Keep what DONE read and learned for runs to come."""
    store.save()
    store.seen.save(lambda: [project.files.learned() for project in done.projects])


def run_on(
    configuration: Configuration,
    targets: tuple[Path, ...],
    selection: tuple[str, ...],
    store: FactStore | None = None,
    *,
    jobs: int = 1,
    with_fixes: bool = True,
    watch: Watch = UNWATCHED,
    begun: Begun | None = None,
) -> Run:
    """Lint, and make sure that every one of TARGETS (relative to the root: SELECTION) has something to read."""
    done = run(configuration, store=store, jobs=jobs, with_fixes=with_fixes, watch=watch, begun=begun)
    if not done.report.statistics.files:
        raise UserError(f"nothing to read: no file in {configuration.root} is of a kind that celery-lint knows")
    for target, selected in zip(targets, selection, strict=True):
        if selected != "." and not any(path == selected or path.startswith(selected + "/") for path in done.paths):
            raise UserError(f"nothing to read: {target} is excluded, ignored by git, or empty")
    return done


def _say_what_was_used(configuration: Configuration, place: Place, done: Run) -> None:
    note(f"root: {escape(str(configuration.root))}")
    note(f"configuration: {escape(str(place.file or 'none'))}")
    note(f"files: {len(done.paths)} found, {done.report.statistics.files} of a kind to be read")
    if configuration.settings.exclude:
        note(f"excluded: {escape(', '.join(configuration.settings.exclude))}")
    skipped = [rule.code for rule in catalogue_of(configuration).rules if rule.code not in done.report.rules]
    note(f"rules: {len(done.report.rules)}; not run: {', '.join(skipped) or 'none'}")
    for trace in done.crashed.values():
        for line in trace.rstrip().splitlines():
            note(escape(line))


def _difference(done: Run, edits: Edits) -> Output:
    """What EDITS would change; status 1 when that is anything."""
    from celery_lint.fix.diff import diff

    whole = diff(edits.before, edits.after)
    # A program wants the bytes as they are, whatever they do to a terminal.
    text = (escape_lines(whole) if sys.stdout.isatty() else whole).encode("utf-8", "backslashreplace")
    status = FAILED if done.crashed else FOUND if edits.after else CLEAN
    return Output(status, text, edits.say)
