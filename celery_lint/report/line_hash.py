"""The fingerprint by which GitHub code scanning knows a line again: what `upload-sarif` would add, which warns when it
finds another one. Who uploads through the API has to bring it along."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

# How many characters from the start of a line count, blanks left out.
_BLOCK = 100
_FACTOR, _BITS = 37, 64
_END, _NEWLINE = 65535, 10
Window = tuple[int, ...]


def windows(data: bytes) -> tuple[Window, ...]:
    """What counts of each line of the file DATA, as UTF-16 has it."""
    text = re.sub(r"\r\n?", "\n", data.decode("utf-8", "replace")).translate({ord(" "): None, ord("\t"): None})
    encoded = text.encode("utf-16-le")
    units = (*struct.unpack(f"<{len(encoded) // 2}H", encoded), _END)
    starts = (0, *(place + 1 for place, unit in enumerate(units) if unit == _NEWLINE))
    return tuple(units[start : start + _BLOCK] for start in starts)


def line_hash(lines: Sequence[Window], number: int) -> str:
    """The fingerprint of the line NUMBER (from 1) of LINES, and how many that are the same there are up to it."""
    window = lines[min(number, len(lines)) - 1]
    value = 0
    for unit in (*window, *[0] * (_BLOCK - len(window))):
        value = (value * _FACTOR + unit) % (1 << _BITS)
    return f"{value:x}:{lines[:number].count(window)}"
