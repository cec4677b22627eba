"""Write `celery_lint/celery_versions/<minor>.json` from the released Celery packages.

    python scripts/generate_celery_tables.py [5.7 …]

Each release is installed by pip into a temporary directory of its own and read there by a fresh interpreter, so
what this machine has installed does not matter. Run it after a Celery release and commit the difference.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MINORS = ("5.3", "5.4", "5.5", "5.6", "5.7")
TARGET = Path(__file__).parent.parent / "celery_lint" / "celery_versions"
READ = Path(__file__).with_name("read_celery_table.py")


def main(minors: list[str]) -> None:
    """Write the table of each of MINORS (all known ones when empty)."""
    for minor in minors or MINORS:
        table = read_release(minor)
        path = TARGET / f"{minor}.json"
        path.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        sys.stdout.write(f"{path.name}: Celery {table['release']}\n")


def read_release(minor: str) -> dict[str, object]:
    """The table of the newest patch release of MINOR."""
    with tempfile.TemporaryDirectory() as packages:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--target", packages, f"celery=={minor}.*"], check=True)
        clean = {key: value for key, value in os.environ.items() if "CELERY" not in key and key != "APP"}
        environment = {**clean, "PYTHONPATH": packages}
        result = subprocess.run([sys.executable, str(READ)], env=environment, check=True, stdout=subprocess.PIPE)
    table: dict[str, object] = json.loads(result.stdout)
    return table


if __name__ == "__main__":
    main(sys.argv[1:])
