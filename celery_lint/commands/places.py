"""Which project a command is about, and where that keeps its cache."""

from __future__ import annotations

import os
from pathlib import Path

from celery_lint.cache.folder import Folder, folder_at, folder_in
from celery_lint.configfile import Place, locate
from celery_lint.errors import UserError


def place_of(targets: tuple[Path, ...], config: Path | None, *, isolated: bool) -> Place:
    """The project that all TARGETS belong to. Raises UserError when one does not exist, or there are several."""
    if config is not None and not config.is_file():
        raise UserError(f"there is no file {config}")
    for target in targets:
        if not os.path.exists(target):  # noqa: PTH110 -- Path.exists raises for a name that holds NUL
            raise UserError(f"there is no file or folder {target}")
    places = {locate(target, config=config, isolated=isolated): target for target in targets}
    if len(places) > 1:
        parts = " and ".join(f"{target} (project {place.root})" for place, target in places.items())
        raise UserError(f"{parts} are different projects: lint them one at a time")
    return next(iter(places))


def relative(target: Path, root: Path) -> str:
    """The way from ROOT to TARGET, with `/`. Raises UserError when TARGET is outside."""
    real = target.resolve()
    if not real.is_relative_to(root):
        raise UserError(f"{target} is outside the project {root}")
    return real.relative_to(root).as_posix()


def cache_folder(place: Place, chosen: Path | None) -> Folder | None:
    """Where the project at PLACE keeps its cache: in the folder CHOSEN, else in itself; None where that cannot be."""
    folder = folder_at(str(chosen.absolute())) if chosen is not None else folder_in(str(place.root))
    if folder is not None:
        folder.make()
    return folder
