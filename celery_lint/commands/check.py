"""`celery-lint check`: from options to an exit status. What takes time to import waits until something has changed
since the last run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from celery_lint.again import imports_digest
from celery_lint.cache.replay import Output, Replay, key_of
from celery_lint.cache.shortcut import record
from celery_lint.cache.stamp import tool_stamp
from celery_lint.commands.console import as_text, note, write, write_bytes
from celery_lint.commands.options import Options, Surroundings, refuse_contradictions
from celery_lint.commands.places import cache_folder, place_of, relative
from celery_lint.commands.reports import put, to_stdout, wanted
from celery_lint.configfile import Place
from celery_lint.report.terminal import terminal_for

if TYPE_CHECKING:
    from celery_lint.changes import Base
    from celery_lint.commands.lint import Outcome


def check(options: Options, words: Sequence[str] | None = None, *, has_changed: bool = False) -> int:
    """Do what OPTIONS ask for; the exit status. WORDS are those of the command line, in a process that is for it
    alone. HAS_CHANGED: it is known that what the same run wrote before does not hold any more."""
    started = time.time_ns()
    asked = wanted(options.report)
    options = replace(options, output_format=to_stdout(asked, options.output_format))
    refuse_contradictions(options)
    targets = options.paths or (Path(),)
    place = place_of(targets, options.config, isolated=options.isolated)
    selection = tuple(relative(target, place.root) for target in targets)
    around = Surroundings(
        terminal_for(sys.stdout, os.environ, options.color),
        terminal_for(sys.stderr, os.environ, options.color),
        _way_to(place.root),
        _blob(os.environ),
    )
    base = _base(options, place)
    memory = _Memory(options, place, selection, around, base)
    output = memory.output() if not has_changed else None
    if output is None:
        output = _linted(options, targets, place, selection, around, memory, base)
    if words is not None and base is None:
        memory.shorten(words, targets, output, started)
    return _shown(output, place)


def _linted(
    options: Options,
    targets: tuple[Path, ...],
    place: Place,
    selection: tuple[str, ...],
    around: Surroundings,
    memory: _Memory,
    base: Base | None,
) -> Output:
    """What a run that has to be done anew writes; it is remembered."""
    from celery_lint.commands.progress import following
    from celery_lint.report.durations import durations
    from celery_lint.watch import UNWATCHED, Part

    with following(options, around.stderr.width) as stopwatch:
        watch = stopwatch or UNWATCHED
        with watch.at(Part.LOAD):
            from celery_lint.commands.beginning import begin_check
        memory.start()
        beginning = begin_check(options, place, memory.folder, memory.stamp, watch)
        with closing(beginning.begun):
            with watch.at(Part.LOAD):
                from celery_lint.commands.lint import lint
            outcome = lint(beginning, options, targets, place, selection, around, base, watch)
        with watch.at(Part.SAVE):
            memory.keep(outcome)
    output = outcome.output
    timed = durations(stopwatch) if stopwatch is not None and options.durations else ()
    return Output(output.status, output.stdout, (*output.stderr, *timed), output.files)


def _base(options: Options, place: Place) -> Base | None:
    """The commit that only what has changed since counts against, when OPTIONS name one."""
    if options.changed is None:
        return None
    from celery_lint.changes import base_of

    return base_of(place.root, options.changed)


class _Memory:
    """What is kept between runs, and whether this one may be spared."""

    def __init__(
        self, options: Options, place: Place, selection: tuple[str, ...], around: Surroundings, base: Base | None
    ) -> None:
        self.folder = None if options.no_cache else cache_folder(place, options.cache_dir)
        self.stamp = tool_stamp() if self.folder is not None else b""
        self._place = place
        # Whoever asks how a run went wants one.
        asks = options.verbose or options.durations
        self._replay = (
            None if asks or self.folder is None else Replay(self.folder, self.stamp, str(place.root), imports_digest)
        )
        # Paths are in the key as they lead from the root, not from where they were named.
        self._key = key_of((replace(options, paths=(), jobs=None), place, selection, around, base))
        self._started = 0

    def start(self) -> None:
        """From now on files are read."""
        self._started = time.time_ns()

    def output(self) -> Output | None:
        """What the same run wrote before, if nothing has changed since."""
        return self._replay.find(self._key) if self._replay is not None else None

    def keep(self, outcome: Outcome) -> None:
        """Remember OUTCOME for the next run, when it could be the same."""
        if self._replay is not None and outcome.depends_on:
            file = self._place.file
            watched = (*outcome.depends_on, *([os.path.abspath(file)] if file is not None else ()))  # noqa: PTH100
            self._replay.record(
                self._key, outcome.output, dict.fromkeys(watched), outcome.answers, self._started, outcome.seen
            )

    def shorten(self, words: Sequence[str], targets: Sequence[Path], output: Output, started: int) -> None:
        """Let the command line WORDS, which name TARGETS, take less next time: OUTPUT is all that came of it. The run
        STARTED (nanoseconds since the epoch) before it looked at anything."""
        watched = self._replay.sure() if self._replay is not None else None
        if watched is None or self.folder is None or output.files:
            return
        stdout = output.stdout if isinstance(output.stdout, bytes) else as_text(output.stdout)
        said = (output.status, stdout, as_text(output.stderr))
        run = (str(self._place.root), self._key)
        record(self.folder, words, said, run, watched, [os.path.abspath(target) for target in targets], started)  # noqa: PTH100


def _shown(output: Output, place: Place) -> int:
    """Write OUTPUT of the project at PLACE to where it belongs; its exit status."""
    if isinstance(output.stdout, bytes):
        write_bytes(output.stdout)
    else:
        write(output.stdout)
    for line in output.stderr:
        note(line)
    put(output.files, place.root, os.environ)
    return output.status


def _way_to(root: Path) -> str:
    """The way from the working directory to ROOT: what is put before paths so that they can be opened."""
    way = os.path.relpath(root)
    return "" if way == "." else f"{way}/"


def _blob(environment: Mapping[str, str]) -> str:
    """Where GitHub shows the files of the commit that a workflow is at; `` elsewhere."""
    parts = [environment.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "SHA")]
    server, repository, commit = parts
    return f"{server}/{repository}/blob/{commit}/" if all(parts) and server.startswith("https://") else ""
