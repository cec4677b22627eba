"""How the server was started."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct


class ServerOptions(Struct, frozen=True, kw_only=True):
    """The options of the command line. LINT_ON: when files are looked at again. LENS: whether there are lenses above
    tasks. OWN_RULES: whether the projects' own rules run, which are code."""

    lint_on: Literal["change", "save"] = "change"
    lens: bool = True
    own_rules: bool = False
    no_cache: bool = False
    cache_dir: Path | None = None
