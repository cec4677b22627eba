"""`celery-lint review`: the checklist of a code review, task by task."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Literal

from msgspec import Struct
from pathspec import GitIgnoreSpec

from celery_lint.cache.facts import FactStore
from celery_lint.cache.stamp import tool_stamp
from celery_lint.changes import Base, Changes, base_of, changes_since
from celery_lint.commands.beginning import processors
from celery_lint.commands.console import note, warn
from celery_lint.commands.lint import run_on
from celery_lint.commands.places import cache_folder, place_of, relative
from celery_lint.commands.results import CLEAN, FAILED, FOUND
from celery_lint.commands.writing import encoded, sheet_for, write_to
from celery_lint.errors import UserError
from celery_lint.finding import Severity
from celery_lint.report.terminal import ColorChoice
from celery_lint.run import Run, run
from celery_lint.settings import Configuration, load, override
from celery_lint.source import Source
from celery_lint.views.drawing import declared_in
from celery_lint.views.focus import find_task
from celery_lint.views.model import Picture
from celery_lint.views.review.build import Change, review_all
from celery_lint.views.review.build import review as review_change
from celery_lint.views.review.model import Review
from celery_lint.views.review.state import State, state_of
from celery_lint.views.review.subject import Subject

Format = Literal["text", "markdown", "json"]
# Where a branch usually comes from, the surest first.
_READ = (".py", ".yml", ".yaml", ".toml", ".cfg", ".ini", ".conf", ".sh", ".service", ".env", ".j2", ".tpl", ".lock")
_MAIN = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


class Options(Struct, frozen=True, kw_only=True):
    """The options of the command line, by their names there."""

    path: Path
    since: str | None
    every: bool
    tasks: tuple[str, ...]
    format: Format
    output: Path | None
    fail_level: str | None
    config: Path | None
    isolated: bool
    own_rules: bool
    no_cache: bool
    cache_dir: Path | None
    color: ColorChoice


def review(options: Options) -> int:
    """Write the review that OPTIONS ask for; the exit status."""
    _refuse_contradictions(options)
    place = place_of((options.path,), options.config, isolated=options.isolated)
    configuration = load(place, own_rules=options.own_rules)
    if options.fail_level is not None:
        configuration = override(configuration, {"fail-level": options.fail_level})
    base = None if options.every else _base(configuration.root, options)
    folder = None if options.no_cache else cache_folder(place, options.cache_dir)
    store = FactStore(folder, tool_stamp() if folder is not None else b"")
    done = run_on(configuration, (options.path,), (relative(options.path, place.root),), store, jobs=processors())
    now = _state(done, configuration)
    wanted = [_subject(now, name) for name in options.tasks] or None
    if base is None:
        found = review_all(now, wanted)
    else:
        change = _change(changes_since(base, done.paths), now, done, base, configuration, store)
        found = review_change(now, change, wanted)
    store.save()
    write_to(options.output, _formatted(found, configuration.root, options))
    return _status(done, found, configuration)


def _refuse_contradictions(options: Options) -> None:
    if options.config and options.isolated:
        raise UserError("--config and --isolated contradict each other")
    if options.every and options.since is not None:
        raise UserError("--all compares with nothing, --since does: choose one")


# what it is compared with


def _base(root: Path, options: Options) -> Base | None:
    """What is compared with; None when tasks are named and there is no repository."""
    if options.since is not None:
        return base_of(root, options.since)
    try:
        head = base_of(root)
    except UserError as error:
        if options.tasks:
            return None
        raise UserError(f"{error}; --all reviews every task without") from None
    for ref in _MAIN:
        try:
            found = base_of(root, ref)
        except UserError:
            continue
        if found.commit != head.commit:
            note(f"Compared with where this branch left {ref} ({(found.commit or '')[:10]}).")
            return found
        break
    return head


def _called(base: Base) -> str:
    """What people call BASE."""
    return "the last commit" if base.ref == "HEAD" else base.ref


def _change(
    changes: Changes, now: State, done: Run, base: Base, configuration: Configuration, store: FactStore
) -> Change:
    """What the project was."""
    if not changes:
        return Change(now, _called(base))
    excluded = GitIgnoreSpec.from_lines(configuration.settings.exclude)
    gone = [path for path in changes.deleted if _is_read(path) and not excluded.match_file(path)]
    moved = {new: old for new, old in changes.renamed.items() if not old.startswith("../")}
    before: dict[str, bytes | None] = {path: changes.old(path) for path in (*changes.lines, *changes.renamed, *gone)}
    absent = {*changes.new, *changes.renamed}
    paths = sorted(({*done.paths} - absent) | {*gone} | {*moved.values()})
    overlay = {path: data or b"" for path, data in before.items() if path not in absent}
    overlay |= {old: before[new] or b"" for new, old in moved.items()}
    state = State((), (), lambda path: Source(path, b""))
    # What could not be linted then (no file yet, no folder of `projects`) is as good as nothing.
    with suppress(UserError):
        state = _state(run(configuration, overlay, paths=paths, store=store, with_fixes=False), configuration)
    known = {path: None if path in changes.new else data for path, data in before.items()}
    return Change(state, _called(base), known, {old: new for new, old in moved.items()})


def _is_read(path: str) -> bool:
    """Whether a file of that name may be code or a deployment: what pictures and data held need not be fetched."""
    name = path.rpartition("/")[2]
    return "." not in name.lstrip(".") or name.endswith(_READ) or name.startswith("requirements")


def _state(done: Run, configuration: Configuration) -> State:
    report = done.report
    return state_of(done.projects, report.findings, report.source_of, report.urls, declared_in(configuration))


def _subject(state: State, name: str) -> Subject:
    """The task called NAME, or whose name alone ends in it."""
    everything = Picture(name="", tasks=tuple(subject.drawn for subject in state.subjects))
    drawn = find_task(everything, name)
    return next(subject for subject in state.subjects if subject.drawn is drawn)


# what comes of it


def _formatted(found: Review, root: Path, options: Options) -> bytes:
    if options.format == "json":
        from celery_lint.views.review.json import json

        return json(found)
    if options.format == "markdown":
        from celery_lint.views.review.markdown import markdown

        return markdown(found).encode("utf-8", "backslashreplace")
    from celery_lint.views.review.text import text

    return encoded(text(found, sheet_for(root, options.output, options.color)), options.output)


def _status(done: Run, found: Review, configuration: Configuration) -> int:
    for folder in done.unlisted:
        warn(f"{folder.path} could not be read: {folder.message}")
    for code in done.crashed:
        warn(f"{code} crashed: what it would say is missing; `celery-lint check --verbose` shows why")
    if done.crashed:
        return FAILED
    least = Severity[configuration.settings.fail_level.upper()]
    problems = [problem for task in found.tasks for row in task.rows for problem in row.problems] + [*found.beside]
    fails = any(problem.is_new and Severity[problem.severity.upper()] >= least for problem in problems)
    return FOUND if fails else CLEAN
