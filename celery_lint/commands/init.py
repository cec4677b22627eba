"""`celery-lint init`: look at a project, and write a configuration that says what would help."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from pathlib import Path

import msgspec
from msgspec import Struct

from celery_lint.cache.facts import FactStore
from celery_lint.cache.stamp import tool_stamp
from celery_lint.commands.beginning import processors
from celery_lint.commands.console import note, write
from celery_lint.commands.lint import run_on
from celery_lint.commands.places import cache_folder, place_of, relative
from celery_lint.commands.results import FAILED
from celery_lint.configfile import OWN_FILE, PYPROJECT, Place, locate
from celery_lint.errors import ConfigurationError, UserError
from celery_lint.finding import Severity
from celery_lint.regular import read_regular
from celery_lint.report.text import escape
from celery_lint.run import Run, run
from celery_lint.settings import Configuration, load, override
from celery_lint.views import model
from celery_lint.views.drawing import draw
from celery_lint.views.starter import Material, configuration_text, suggestions

_TABLE = "[tool.celery-lint]"


class Options(Struct, frozen=True, kw_only=True):
    """The options of the command line, by their names there."""

    path: Path
    print_: bool
    no_cache: bool
    cache_dir: Path | None


def init(options: Options) -> int:
    """Write the configuration that OPTIONS ask for; the exit status."""
    place = place_of((options.path,), None, isolated=False)
    if place.file is not None and not options.print_:
        raise UserError(f"{place.file} configures celery-lint already; --print shows what would be written")
    configuration = load(Place(place.root, None))
    selection = (relative(options.path, place.root),)
    store = FactStore(
        None if options.no_cache else cache_folder(place, options.cache_dir), tool_stamp(), str(place.root)
    )
    done = run_on(configuration, (options.path,), selection, store, jobs=processors(), with_fixes=False)
    if not done.report.statistics.celery_files:
        raise UserError(f"there is no Celery code in {place.root}: there is nothing to configure")
    material = _material(done, configuration, store)
    store.save()
    target = _target(place.root)
    text = configuration_text(material, suggestions(material), _TABLE if target.name == PYPROJECT else "")
    if options.print_:
        write(text.splitlines())
        return FAILED if done.crashed else 0
    _put(target, text)
    for line in _next_steps(target, place.root, done):
        note(escape(line))
    return FAILED if done.crashed else 0


def _material(done: Run, configuration: Configuration, store: FactStore) -> Material:
    """What is known of a project; what other settings would report is tried out."""
    picture = draw(configuration.root.name, done.projects, done.report.findings, model.Place(PYPROJECT, 1))
    strict = run(override(configuration, {"preset": "strict"}), store=store, with_fixes=False).report.findings
    counts = Counter(each.name for each in strict) - Counter(each.name for each in done.report.findings)
    asked = override(configuration, {"select": ("unrouted-task",), "require-route": True})
    unrouted = run(asked, store=store, with_fixes=False).report.findings
    names = [each.name for each in unrouted]
    return Material(done.projects, picture, done.report.findings, counts, names.count("unrouted-task"))


# The file


def _target(root: Path) -> Path:
    """Where the configuration goes: into a `pyproject.toml` that can take it, else into a file of its own."""
    file = root / PYPROJECT
    if file.is_file():
        try:
            tomllib.loads(f"{_read(file).decode('utf-8-sig')}\n{_TABLE}\n")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
            return root / OWN_FILE
        return file
    return root / OWN_FILE


def _read(file: Path) -> bytes:
    try:
        return read_regular(file)
    except OSError as error:
        raise UserError(f"{file}: {error.strerror or error}") from None


def _put(target: Path, text: str) -> None:
    """Append TEXT to the file TARGET, or make it. Nothing is written that could not be used."""
    from celery_lint.fix.write import WriteError, create, write

    try:
        if not os.path.lexists(target):
            create(target, text.encode())
        else:
            before = _read(target)
            newline = "\r\n" if b"\r\n" in before else "\n"
            gap = newline if before.endswith(b"\n") or not before else newline * 2
            after = before + (gap + text.replace("\n", newline)).encode()
            tomllib.loads(after.decode("utf-8-sig"))
            write(target.parent, {target.name: before}, {target.name: after})
        load(locate(target.parent))
    except WriteError as error:
        raise UserError(f"{target} cannot be written: {error}") from None
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror or error}") from None
    except (ConfigurationError, tomllib.TOMLDecodeError, msgspec.MsgspecError) as error:
        raise UserError(f"{target} would not be understood: {error}") from None


def _next_steps(target: Path, root: Path, done: Run) -> list[str]:
    here = Path.cwd()
    name = target.relative_to(here) if target.is_relative_to(here) else target
    table = f" ({_TABLE})" if target.name == PYPROJECT else ""
    findings = len(done.report.findings)
    errors = done.report.count(Severity.ERROR)
    said = f"{findings} finding{'' if findings == 1 else 's'} today, {errors} of them error{'' if errors == 1 else 's'}"
    lines = [
        f"Wrote {name}{table}: read it, and uncomment what is right.",
        f"{said if findings else 'No findings today'}.",
    ]
    if findings:
        lines += [
            "  celery-lint            shows them; `celery-lint explain CODE` says why one matters",
            "  celery-lint baseline   keeps them for later: from then on only new ones are reported",
        ]
    if (root / ".pre-commit-config.yaml").is_file():
        lines.append("  pre-commit             there is a hook, `celery-lint`: docs/adopting.md")
    if (root / ".github/workflows").is_dir() or (root / ".gitlab-ci.yml").is_file():
        lines.append("  celery-lint --changed origin/main   reports in CI what a pull request touches: docs/ci.md")
    return lines
