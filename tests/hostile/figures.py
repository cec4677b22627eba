"""`tests/figures.json`: what the runs counted. Nobody writes it by hand."""

from __future__ import annotations

import json
from pathlib import Path

FILE = Path(__file__).parent.parent / "figures.json"


def record(**figures: int) -> None:
    """Note FIGURES, by name with `_` for blanks, beside those of other runs."""
    known = json.loads(FILE.read_text(encoding="utf-8"))["figures"] if FILE.is_file() else {}
    known |= {name.replace("_", " "): count for name, count in figures.items()}
    FILE.write_text(json.dumps({"figures": dict(sorted(known.items()))}, indent=2) + "\n", encoding="utf-8")
