"""`--report FORMAT=FILE`: what is asked for, and putting it there."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from celery_lint.commands.console import warn
from celery_lint.errors import UserError
from celery_lint.output import FORMATS, OutputFormat

STDOUT = "-"
STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable that names the file to which a step of a GitHub workflow appends what its page is to show."""


# What has a meaning in a pattern of a `.gitignore`.
_SIGN = re.compile(r"[\\*?\[\]]| (?= *$)")


class Wanted(Struct, frozen=True):
    """A report in FORMAT is to be written to FILE."""

    format: OutputFormat
    file: str


def wanted(reports: Sequence[str]) -> tuple[Wanted, ...]:
    """What REPORTS, each `FORMAT=FILE`, ask for. Raises UserError where that makes no sense."""
    asked = tuple(map(_wanted, reports))
    places = [Path(each.file).resolve() for each in asked if each.file != STDOUT]
    for place in places:
        if place.is_dir():
            raise UserError(f"--report: {place} is a folder")
        if places.count(place) > 1 and not _is_device(place):
            raise UserError(f"--report: two reports cannot be one file, {place}")
    return asked


def to_stdout(asked: Sequence[Wanted], chosen: OutputFormat | None) -> OutputFormat | None:
    """The format for stdout: CHOSEN with `--output-format`, or the one that is ASKED for with `-`."""
    formats = {each.format for each in asked if each.file == STDOUT} | ({chosen} if chosen else set())
    if len(formats) > 1:
        raise UserError(f"only one format can go to stdout, not {' and '.join(sorted(formats))}")
    return next(iter(formats), None)


def _wanted(report: str) -> Wanted:
    name, equals, file = report.partition("=")
    for known in FORMATS:
        if known == name and file:
            return Wanted(known, file)
    if not equals or not file:
        raise UserError(f'--report "{report}": write FORMAT=FILE, as in sarif=celery-lint.sarif')
    from celery_lint.settings import did_you_mean

    raise UserError(f'--report "{report}": there is no format "{name}"{did_you_mean(name, FORMATS)}')


def kept_out(reports: Sequence[str], root: Path) -> tuple[str, ...]:
    """The patterns that keep what REPORTS write out of the project at ROOT: what an earlier run found is no part of it,
    and the names in a report would count as used."""
    named = (Path(each.file).resolve() for each in wanted(reports) if each.file != STDOUT)
    below = (file.relative_to(root).as_posix() for file in named if file.is_relative_to(root))
    return tuple("/" + _SIGN.sub(r"\\\g<0>", path) for path in below)


def put(files: Sequence[tuple[str, bytes]], root: Path, environment: Mapping[str, str]) -> None:
    """Write FILES, each a name and its content; the one without a name is the summary of the step that ENVIRONMENT is
    of. ROOT is the project's, which must not lead a file to outside of it. Raises UserError for one that cannot be
    written."""
    for file, data in files:
        if not file:
            _append(data, environment.get(STEP_SUMMARY, ""))
            continue
        try:
            _put(_target(file, root), data)
        except (OSError, ValueError) as error:
            raise UserError(f"{file} cannot be written: {getattr(error, 'strerror', None) or error}") from None


def _append(data: bytes, file: str) -> None:
    """Add DATA to FILE, if there is one: an extra, for which no run fails."""
    if not file:
        return
    try:
        with Path(file).open("ab") as summary:
            summary.write(data)
    except (OSError, ValueError) as error:
        warn(f"the summary of this step could not be written: {error}")


def _target(file: str, root: Path) -> Path:
    """Where FILE is, whatever its links; not outside of the project at ROOT, when its name does not say so."""
    # Not `Path.absolute`, which keeps `..`.
    named, target = Path(os.path.abspath(file)), Path(file).resolve()  # noqa: PTH100
    if named.is_relative_to(root) and not target.is_relative_to(root):
        raise UserError(f"{file} is a link to outside of the project: name what it leads to")
    return target


def _put(target: Path, data: bytes) -> None:
    """Make DATA the content of the file TARGET, as a whole or not at all."""
    if _is_device(target):  # nothing to replace
        sys.stdout.flush()
        with target.open("wb", buffering=0) as device:
            device.write(data)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name[:200]}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        with draft.open("xb") as file:
            file.write(data)
        with suppress(FileNotFoundError):
            draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def _is_device(target: Path) -> bool:
    """Whether TARGET is a pipe, a terminal or the like."""
    return target.exists() and not target.is_file() and not target.is_dir()
