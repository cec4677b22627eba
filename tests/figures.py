"""The figures that runs write down for the README: `tests/figures.json`, never edited by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

FIGURES = Path(__file__).parent / "figures.json"


def record(figures: Mapping[str, int]) -> None:
    """Put FIGURES, by what they count, among those of other runs."""
    known = json.loads(FIGURES.read_text(encoding="utf-8"))["figures"] if FIGURES.exists() else {}
    text = json.dumps({"figures": dict(sorted({**known, **figures}.items()))}, indent=2)
    FIGURES.write_text(text + "\n", encoding="utf-8")
