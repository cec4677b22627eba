"""File URIs as editors write them, and paths."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

_DRIVE = re.compile(r"/[A-Za-z]:(?:/|$)")
_SCHEME = "file://"
# What VS Code leaves as it is.
_PLAIN = "/-._~"


def path_of(uri: str, *, windows: bool = os.name == "nt") -> str | None:
    """The path that URI means; None when that is no file of this machine (`untitled:`, `git:`, another host).

    `?` and `#` belong to the name: the URI of a file has neither, and not every editor escapes them.
    """
    scheme, colon, rest = uri.partition("://")
    if not colon or scheme.lower() != "file":
        return None
    host, slash, tail = rest.partition("/")
    path = os.fsdecode(unquote_to_bytes(slash + tail))
    if "\0" in path or not path:
        return None
    if not windows:
        return path if host.lower() in ("", "localhost") else None
    if host.lower() not in ("", "localhost"):
        path = f"//{host}{path}"
    elif _DRIVE.match(path):
        path = path[1:]
    return path.replace("/", "\\")


def uri_of(path: str, *, windows: bool = os.name == "nt") -> str:
    """The URI of the file at PATH (absolute)."""
    if not windows:
        return _SCHEME + quote(os.fsencode(path), safe=_PLAIN)
    path = path.replace("\\", "/")
    if path.startswith("//"):
        return "file:" + quote(path, safe=_PLAIN)
    return f"{_SCHEME}/{quote(path[:1].lower() + path[1:], safe=_PLAIN)}"


def real_path(uri: str) -> Path | None:
    """Where the file that URI means really is; None when it is none."""
    path = path_of(uri)
    if path is None or not os.path.isabs(path):  # noqa: PTH117 -- a string, from who knows where
        return None
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError, ValueError):
        return None
