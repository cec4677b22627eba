"""What the command line asks of `celery-lint check`."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from celery_lint.errors import UserError
from celery_lint.output import OutputFormat
from celery_lint.report.terminal import ColorChoice, Terminal


class Options(Struct, frozen=True, kw_only=True):
    """The options of the command line, by their names there."""

    paths: tuple[Path, ...]
    fix: bool
    unsafe_fixes: bool
    fix_only: bool
    diff: bool
    select: tuple[str, ...]
    extend_select: tuple[str, ...]
    ignore: tuple[str, ...]
    preset: str | None
    fail_level: str | None
    output_format: OutputFormat | None
    statistics: bool
    config: Path | None
    isolated: bool
    color: ColorChoice
    quiet: bool
    verbose: bool
    no_cache: bool = False
    cache_dir: Path | None = None
    jobs: int | None = None
    durations: bool = False
    changed: str | None = None
    add_ignore: str | None = None
    baseline: Path | None = None
    no_baseline: bool = False
    report: tuple[str, ...] = ()
    own_rules: bool = False

    @property
    def edits(self) -> bool:
        """Whether files are to be changed, or it is to be shown how they would be."""
        return self.fix or self.fix_only or self.diff or self.add_ignore is not None


class Surroundings(Struct, frozen=True):
    """What a run depends on beside the project and its options: what it writes to, and the way from the working
    directory to the project's root (`` when they are the same, else ending in `/`)."""

    stdout: Terminal
    stderr: Terminal
    way: str
    blob: str = ""


def refuse_contradictions(options: Options) -> None:
    """Raise UserError where OPTIONS make no sense together."""
    writes = [name for name, is_on in (("--fix", options.fix), ("--fix-only", options.fix_only)) if is_on]
    if options.diff and writes:
        raise UserError(f"--diff changes nothing, {writes[0]} does: choose one")
    if options.unsafe_fixes and not options.diff and not writes:
        raise UserError("--unsafe-fixes needs --fix, --fix-only or --diff")
    if options.statistics and options.output_format not in (None, "full", "concise", "json"):
        raise UserError(f"--statistics goes with full, concise and json, not with {options.output_format}")
    if options.report and (options.diff or options.fix_only):
        chosen = "--diff" if options.diff else "--fix-only"
        raise UserError(f"{chosen} reports nothing that --report could write")
    if options.add_ignore is not None and writes:
        raise UserError(f"--add-ignore silences what {writes[0]} would fix: choose one")
    if options.add_ignore is not None and not options.add_ignore.isprintable():
        raise UserError("--add-ignore: a reason is one line of text")
    if options.baseline and options.no_baseline:
        raise UserError("--baseline and --no-baseline contradict each other")
    if options.config and options.isolated:
        raise UserError("--config and --isolated contradict each other")
