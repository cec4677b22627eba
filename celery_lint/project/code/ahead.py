"""Reading ahead: the files that will surely be read, by as many processes as help."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

# Below this a process costs more than it saves: a fork takes as long as reading a few files.
_FILES_A_PROCESS = 25

Read = Callable[[str], bytes]
"""Reads one file; what it says, encoded, and nothing where that cannot be."""


def read_ahead(sizes: Sequence[tuple[int, str]], read: Read, jobs: int) -> dict[str, bytes]:
    """What READ says of each of the files, given with their sizes, by at most JOBS processes.

    A file whose process fails is missing: whoever needs it reads it. The answer depends on nothing but the files.
    """
    shares = _shares(sizes, min(jobs, len(sizes) // _FILES_A_PROCESS)) if hasattr(os, "fork") else []
    if len(shares) < 2:
        return {}
    own, *others = shares
    children = [_start(share, read) for share in others]
    found = {path: read(path) for path in own}
    for child in children:
        found |= _collect(*child)
    return found


def _shares(sizes: Sequence[tuple[int, str]], count: int) -> list[list[str]]:
    """The files in COUNT shares of about the same size."""
    shares: list[tuple[int, list[str]]] = [(0, []) for _ in range(count)]
    for size, path in sorted(sizes, reverse=True) if shares else ():
        least = min(range(count), key=lambda each: shares[each][0])
        total, paths = shares[least]
        shares[least] = (total + size, [*paths, path])
    return [paths for _, paths in shares]


def _start(share: Sequence[str], read: Read) -> tuple[int, int]:
    """Start a process that reads SHARE: its id, and where it writes what it found."""
    source, target = os.pipe()
    process = os.fork()
    if process:
        os.close(target)
        return process, source
    # Whatever happens here must not run what the parent has still to do.
    with suppress(BaseException):
        os.close(source)
        with os.fdopen(target, "wb") as pipe:
            pipe.write(msgspec.msgpack.encode({path: read(path) for path in share}))
        os._exit(0)
    os._exit(1)


def _collect(process: int, source: int) -> dict[str, bytes]:
    with os.fdopen(source, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(process, 0)
    if status != 0:
        return {}
    try:
        return msgspec.msgpack.decode(data, type=dict[str, bytes])
    except msgspec.MsgspecError:
        return {}
