"""`celery-lint new-rule`: begin a rule of one's own, or of celery-lint itself."""

from __future__ import annotations

from pathlib import Path

from celery_lint.catalogue import catalogue_of
from celery_lint.commands.console import note, write
from celery_lint.configfile import locate
from celery_lint.errors import UserError
from celery_lint.own import is_code, is_name
from celery_lint.pages import is_our_tree
from celery_lint.report.text import escape
from celery_lint.scaffold import our_rule, own_rule, write_new
from celery_lint.settings import Configuration, load

_FOLDER = "celery_rules"


def new_rule(code: str, name: str, *, folder: Path | None, family: str | None) -> int:
    """Write the files of a rule CODE NAME: into FOLDER, else into the project's `rules-path`; in a checkout of
    celery-lint into FAMILY."""
    configuration = load(locate(Path()))
    is_ours = is_our_tree(configuration.root)
    _refuse_malformed(code, name, is_ours=is_ours)
    _refuse_taken(code, name, configuration)
    if is_ours and folder is None:
        _begin_ours(code, name, family, configuration.root)
    else:
        _begin_own(code, name, folder, configuration)
    return 0


def _begin_ours(code: str, name: str, family: str | None, root: Path) -> None:
    families = sorted(
        path.name for path in (root / "celery_lint" / "rules").iterdir() if (path / "__init__.py").exists()
    )
    if family not in families:
        raise UserError(f"--family is one of {', '.join(families)}")
    _say_written(write_new(our_rule(code, name, family, root)))
    words = f"{code} or {name} or {name.replace('-', '_')}"
    note(f"`pytest --update -k {code}` fills in its tables, `pytest -k '{words}'` runs its page and its edge cases.")


def _begin_own(code: str, name: str, chosen: Path | None, configuration: Configuration) -> None:
    path = configuration.settings.rules_path
    folder = chosen if chosen is not None else configuration.root / (path or _FOLDER)
    _say_written(write_new(own_rule(code, name, folder)))
    if path is None:
        way = _from(configuration.root, folder)
        note(escape(f'Set `rules-path = "{way}"` in the configuration, so that celery-lint knows of it.'))
    note(f"`pytest {escape(_shown(folder))}` runs its page, `celery-lint --own-rules --select {code}` the rule.")


def _from(root: Path, folder: Path) -> str:
    real = folder.resolve()
    return real.relative_to(root).as_posix() if real.is_relative_to(root) else str(folder)


def _say_written(paths: tuple[Path, ...]) -> None:
    write(escape(_shown(path)) for path in paths)


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _refuse_malformed(code: str, name: str, *, is_ours: bool) -> None:
    if not is_code(code, ours=is_ours):
        what = "CEL and three digits" if is_ours else "three capitals (not CEL, which is ours) and three digits"
        raise UserError(f'"{code}" is no code: {what}')
    if not is_name(name):
        raise UserError(f'"{name}" is no name: two or more words in small letters, joined by -')


def _refuse_taken(code: str, name: str, configuration: Configuration) -> None:
    for word in (code, name):
        taken = next((rule for rule in catalogue_of(configuration).rules if word in rule.words), None)
        if taken is not None:
            raise UserError(f"there is a rule {taken.code} {taken.name} already")
