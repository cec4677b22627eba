"""The tools that are measured: `tools.toml`, each installed in a virtual environment of its own."""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OURS = "celery-lint"


@dataclass(frozen=True, slots=True)
class Tool:
    """One table of `tools.toml`, which says what the fields are."""

    name: str
    title: str
    packages: tuple[str, ...]
    command: tuple[str, ...]
    statuses: tuple[int, ...]
    finds: int
    cold: tuple[str, ...] = ()
    warm: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def version(self) -> str:
        """Name and version, as it is pinned."""
        return ", ".join(package.replace("==", " ") for package in self.packages)


def declared() -> dict[str, Tool]:
    """All tools by name."""
    tables = tomllib.loads((HERE / "tools.toml").read_text(encoding="utf-8"))
    return {
        name: Tool(
            name,
            table["title"],
            tuple(table["packages"]),
            tuple(table["command"]),
            tuple(table["statuses"]),
            table["finds"],
            tuple(table.get("cold", ())),
            tuple(table["warm"]) if "warm" in table else None,
            table.get("environment", {}),
        )
        for name, table in tables.items()
    }


@dataclass(frozen=True, slots=True)
class Installed:
    """A TOOL in the virtual environment at PLACE."""

    tool: Tool
    place: Path

    @property
    def bin(self) -> Path:
        """The folder of its programs."""
        return self.place / "bin"

    def command(self, cache: Path, target: str, *, warm: bool) -> list[str]:
        """How to lint TARGET, keeping what there is to remember in CACHE: it is used if WARM."""
        how = (self.tool.warm if warm else self.tool.cold) or ()
        words = [word for part in self.tool.command for word in (how if part == "{how}" else (part,))]
        return [_filled(word, self.bin, cache, target) for word in words]

    def environment(self, home: Path) -> dict[str, str]:
        """What it runs in: a HOME of its own, and none of this process's settings."""
        own = {name: _filled(value, self.bin, home, "") for name, value in self.tool.environment.items()}
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            **own,
        }


def _filled(word: str, programs: Path, cache: Path, target: str) -> str:
    values = {"{bin}": str(programs), "{rules}": str(HERE / "rules"), "{cache}": str(cache), "{target}": target}
    for name, value in values.items():
        word = word.replace(name, value)
    return word


def install(tools: Sequence[Tool], place: Path, python: str) -> Iterator[Installed]:
    """TOOLS, each in an environment of PYTHON below PLACE. What is there already stays; celery-lint is always anew."""
    for tool in tools:
        installed = Installed(tool, place / tool.name)
        marker = installed.place / "installed"
        wanted = f"{python} {' '.join(tool.packages)}"
        if not marker.is_file() or marker.read_text(encoding="utf-8") != wanted:
            subprocess.run([python, "-m", "venv", "--clear", str(installed.place)], check=True)
            _pip(installed, *_named(tool))
            marker.write_text(wanted, encoding="utf-8")
        elif tool.name == OURS:
            _pip(installed, "--force-reinstall", "--no-deps", *_named(tool))
        yield installed


def _named(tool: Tool) -> list[str]:
    return [str(ROOT) if package == "." else package for package in tool.packages]


def _pip(installed: Installed, *arguments: str) -> None:
    pip = [str(installed.bin / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, *arguments], check=True)


def found(installed: Installed, sample: Path, cache: Path, home: Path) -> int:
    """How many findings the tool prints about the folder SAMPLE: proof that it runs its rules."""
    done = subprocess.run(
        installed.command(cache, ".", warm=False),
        cwd=sample,
        env=installed.environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return sum("tasks.py" in line and any(mark in line for mark in (":", "@")) for line in done.stdout.splitlines())
