"""The command line of `run.py`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tools import ROOT, declared


def asked() -> argparse.Namespace:
    """What the command line asks for. Ends the program when it contradicts itself."""
    parser = argparse.ArgumentParser(description="Measure celery-lint beside other linters.")
    parser.add_argument(
        "projects", nargs="+", type=_project, metavar="NAME=FOLDER", help="checkouts, which stay as they are"
    )
    parser.add_argument("--tools", type=lambda text: text.split(","), help="these only, by their names in tools.toml")
    parser.add_argument(
        "--alone",
        nargs="+",
        default=[],
        type=_project,
        metavar="NAME=FOLDER",
        help="more checkouts, for a cold run of celery-lint alone",
    )
    parser.add_argument(
        "--together",
        nargs="+",
        default=[],
        type=_whole,
        metavar="NAME=PART,PART…",
        help="large projects, each made of checkouts that are named elsewhere in this command",
    )
    parser.add_argument("--runs", type=int, default=5, help="how often each is run (default: 5)")
    parser.add_argument(
        "--once", type=lambda text: text.split(","), default=[], metavar="TOOL,…", help="tools to be run only once"
    )
    parser.add_argument(
        "--up-to",
        action="append",
        default=[],
        type=_limited,
        metavar="TOOL=FILES",
        help="leave checkouts of more Python files out for this tool",
    )
    parser.add_argument("--limit", type=float, default=900, help="seconds after which a run is given up (default: 900)")
    parser.add_argument(
        "--folder", type=Path, default=_default_folder(), help="where tools and copies go (default: %(default)s)"
    )
    parser.add_argument("--python", default=sys.executable, help="what the environments are made with")
    parser.add_argument(
        "--write", action="store_true", help="put the result into docs/performance.md, and the headline into the README"
    )
    options = parser.parse_args()
    chosen = {*(options.tools or ()), *options.once, *(name for name, _ in options.up_to)}
    if unknown := chosen - set(declared()):
        parser.error(f"tools.toml has no {', '.join(sorted(unknown))}")
    named = [name for name, _ in (*options.projects, *options.alone)]
    if unknown := {part for _, parts in options.together for part in parts} - set(named):
        parser.error(f"--together: no checkout is named {', '.join(sorted(unknown))}")
    named += [name for name, _ in options.together]
    if len(named) != len(set(named)):
        parser.error("two checkouts have the same name")
    if options.folder.absolute().is_relative_to(ROOT):
        parser.error("--folder: choose one outside the project")
    return options


def _project(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not equals or not name or "/" in name or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no NAME=FOLDER")
    return name, Path(folder).absolute()


def _whole(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, parts = text.partition("=")
    if not equals or not name or "/" in name or not parts:
        raise argparse.ArgumentTypeError(f"{text} is no NAME=PART,PART…")
    return name, tuple(parts.split(","))


def _limited(text: str) -> tuple[str, int]:
    name, equals, files = text.partition("=")
    if not equals or not files.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is no TOOL=FILES")
    return name, int(files)


def _default_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "celery-lint-benchmarks"
