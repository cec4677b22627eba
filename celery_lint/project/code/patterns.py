"""Regular expressions for the bytes of files."""

from __future__ import annotations

import re
from functools import cached_property


class Pattern:
    """The regular expression PATTERN, compiled when a file is searched for it: there are hundreds, and what most files
    answer is known from runs before."""

    def __init__(self, pattern: bytes, flags: int = 0) -> None:
        self.pattern = pattern
        self.flags = int(flags)

    @cached_property
    def _compiled(self) -> re.Pattern[bytes]:
        return re.compile(self.pattern, self.flags)

    def search(self, data: bytes | memoryview) -> re.Match[bytes] | None:
        """The first match in DATA."""
        return self._compiled.search(data)

    def match(self, data: bytes | memoryview, position: int = 0) -> re.Match[bytes] | None:
        """The match that begins at POSITION of DATA."""
        return self._compiled.match(data, position)


Sought = Pattern | re.Pattern[bytes]
"""What files can be searched for."""
