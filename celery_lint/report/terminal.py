"""What the terminal can show: colours, hyperlinks, its width."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Literal
from urllib.parse import quote

from msgspec import Struct

ColorChoice = Literal["auto", "always", "never"]

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_LINKING_PROGRAMS = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio"})
_LINKING_VARIABLES = ("WT_SESSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "DOMTERM")
_FALLBACK_WIDTH = 120


class Terminal(Struct, frozen=True):
    """How to write to one stream."""

    color: bool = False
    links: bool = False
    width: int = _FALLBACK_WIDTH

    def paint(self, text: str, *styles: str) -> str:
        """TEXT in STYLES: colours, `bold`, `dim`."""
        if not self.color or not text:
            return text
        return f"\033[{';'.join(_CODES[style] for style in styles)}m{text}\033[0m"

    def link(self, text: str, url: str | None) -> str:
        """TEXT, leading to URL when it is clicked (OSC 8)."""
        return f"\033]8;;{url}\033\\{text}\033]8;;\033\\" if self.links and url else text


def terminal_for(stream: IO[str], environment: Mapping[str, str], choice: ColorChoice = "auto") -> Terminal:
    """What STREAM can show. CHOICE beats `NO_COLOR`, which beats `FORCE_COLOR`, which beats what the stream is."""
    is_terminal = stream.isatty()
    color = _wants_color(is_terminal, environment, choice)
    width = shutil.get_terminal_size((_FALLBACK_WIDTH, 24)).columns if is_terminal else _FALLBACK_WIDTH
    return Terminal(color, is_terminal and color and _has_links(environment), max(width, 40))


def file_url(path: Path) -> str:
    """The address of the file PATH on this machine."""
    import socket  # only terminals that show links need it

    return f"file://{socket.gethostname()}{quote(str(path), errors='surrogateescape')}"


def _wants_color(is_terminal: bool, environment: Mapping[str, str], choice: ColorChoice) -> bool:
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return environment["FORCE_COLOR"] != "0"
    return is_terminal and environment.get("TERM") != "dumb"


def _has_links(environment: Mapping[str, str]) -> bool:
    """Only terminals that are known to show links: others print the address, or garbage."""
    if environment.get("FORCE_HYPERLINK"):
        return environment["FORCE_HYPERLINK"] != "0"
    if environment.get("CI") or environment.get("TERM", "").startswith(("screen", "tmux")):
        return False
    if environment.get("TERM_PROGRAM") in _LINKING_PROGRAMS or any(map(environment.get, _LINKING_VARIABLES)):
        return True
    version = environment.get("VTE_VERSION", "")
    return version.isdigit() and int(version) >= 5000
