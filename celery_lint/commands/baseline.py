"""`celery-lint baseline`: write down the findings of today, so that only new ones are reported."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from celery_lint.baseline import Baseline, Entry, Match, current, may_be_kept, save
from celery_lint.cache.facts import FactStore
from celery_lint.cache.stamp import tool_stamp
from celery_lint.catalogue import catalogue_of
from celery_lint.commands.beginning import overrides, processors
from celery_lint.commands.console import note, warn
from celery_lint.commands.lint import run_on
from celery_lint.commands.places import cache_folder, place_of, relative
from celery_lint.commands.results import FAILED
from celery_lint.errors import UserError
from celery_lint.finding import Finding
from celery_lint.report.model import is_below
from celery_lint.report.text import escape
from celery_lint.settings import load, override


class Options(Struct, frozen=True, kw_only=True):
    """The options of the command line, by their names there."""

    paths: tuple[Path, ...]
    prune: bool
    baseline: Path | None
    select: tuple[str, ...]
    extend_select: tuple[str, ...]
    ignore: tuple[str, ...]
    preset: str | None
    config: Path | None
    isolated: bool
    own_rules: bool
    no_cache: bool
    cache_dir: Path | None
    jobs: int | None
    quiet: bool


def baseline(options: Options) -> int:
    """Write what OPTIONS ask for; the exit status."""
    if options.config and options.isolated:
        raise UserError("--config and --isolated contradict each other")
    targets = options.paths or (Path(),)
    place = place_of(targets, options.config, isolated=options.isolated)
    selection = tuple(relative(target, place.root) for target in targets)
    configured = load(place, own_rules=options.own_rules)
    configuration = override(configured, overrides(options, configured.settings))
    known = current(configuration, options.baseline)
    store = FactStore(None if options.no_cache else cache_folder(place, options.cache_dir), tool_stamp())
    done = run_on(configuration, targets, selection, store, jobs=options.jobs or processors(), with_fixes=False)
    store.save()
    if done.crashed:
        codes = ", ".join(sorted(done.crashed))
        warn(f"{codes} crashed, and a baseline of the rest would hide that: nothing is written")
        return FAILED
    match = known.match(done.report, catalogue_of(configuration).codes)
    findings = {each for each in done.report.only(selection).findings if may_be_kept(each)}
    entries = tuple(_pruned(known, match)) if options.prune else tuple(_updated(known, match, findings, selection))
    if not entries and not known.exists:
        note("No findings: there is nothing to put into a baseline.")
        return 0
    changed = save(known, entries)
    if not options.quiet:
        note(escape(_said(known, entries, changed=changed)))
    return 0


def _pruned(known: Baseline, match: Match) -> Iterator[Entry]:
    """The entries that mean something, as they are known today."""
    stale = {entry.fingerprint for entry in match.stale}
    now = {entry.fingerprint: match.entry(place) for place, entry in match.entries.items()}
    return (now.get(entry.fingerprint, entry) for entry in known.entries if entry.fingerprint not in stale)


def _updated(known: Baseline, match: Match, findings: Collection[Finding], selection: Sequence[str]) -> Iterator[Entry]:
    """All FINDINGS, and the entries that nothing is known of: below other paths, or of rules that did not run."""
    yield from (match.entry(place) for place in match.fingerprints if place.finding in findings)
    found = {entry.fingerprint for place, entry in match.entries.items() if place.finding in findings}
    stale = {entry.fingerprint for entry in match.stale}
    for entry in known.entries:
        asked = entry.fingerprint in stale and is_below(entry.path, selection)
        if entry.fingerprint not in found and not asked:
            yield entry


def shown(file: Path) -> str:
    """FILE as it is named from the working directory."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


def _said(known: Baseline, entries: Sequence[Entry], *, changed: bool) -> str:
    file = shown(known.file)
    before, after = ({entry.fingerprint for entry in each} for each in (known.entries, entries))
    count = f"{len(after)} entr{'y' if len(after) == 1 else 'ies'}"
    if not changed:
        return f"{file} is up to date: {count}."
    if not known.exists:
        return f"Wrote {file}: {count}. Commit it: from now on only others are reported."
    difference = f"{len(after - before)} new, {len(before - after)} gone"
    return f"Wrote {file}: {count} ({difference})."
