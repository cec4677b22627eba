"""The tables of Celery releases, held against the Celery that is installed."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from celery_lint.celery_versions import LATEST, RELEASES, nearest_release, plugins, table, version_numbers

_SCRIPTS = Path(__file__).parent.parent / "scripts"
_TABLES = Path(__file__).parent.parent / "celery_lint" / "celery_versions"
_ADVICE = "run `python scripts/generate_celery_tables.py` and read what changed"


def _installed() -> Any:
    """What the installed Celery says of itself."""
    environment = {key: value for key, value in os.environ.items() if "CELERY" not in key and key != "APP"}
    done = subprocess.run(
        [sys.executable, str(_SCRIPTS / "read_celery_table.py")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.fail(f"Celery {version('celery')} cannot be read: {done.stderr.strip()[-2000:]}\n{_ADVICE}")
    return json.loads(done.stdout)


def _ours(release: str) -> Any:
    return json.loads((_TABLES / f"{release}.json").read_text())


def _differences(there: Any, ours: Any, place: str = "") -> Iterator[str]:
    """The names that one table has and the other has not, and those that changed."""
    if isinstance(there, list) and isinstance(ours, list):
        there, ours = dict.fromkeys(map(str, there)), dict.fromkeys(map(str, ours))
    if not isinstance(there, dict) or not isinstance(ours, dict):
        if there != ours:
            yield f"{place} was {ours!r}, is {there!r}"
        return
    yield from (f"{place} has {name}, new in it" for name in sorted(there.keys() - ours.keys()))
    yield from (f"{place} has no {name} any more" for name in sorted(ours.keys() - there.keys()))
    for name in sorted(there.keys() & ours.keys()):
        yield from _differences(there[name], ours[name], f"{place}.{name}".lstrip("."))


def test_the_installed_celery_is_the_one_of_the_table() -> None:
    there = _installed()
    major, minor = version_numbers(there["release"]) or (0, 0)
    release = f"{major}.{minor}"
    ours = _ours(nearest_release(release))
    # A plugin that is installed beside Celery adds its command.
    there["cli"] = {name: options for name, options in there["cli"].items() if name in ours["cli"] or release > LATEST}
    found = [line for line in _differences(there, ours) if not line.startswith("release ")]
    shown = "\n".join(found)
    if release not in RELEASES:
        pytest.fail(f"Celery {release} has no table: add it to RELEASES and MINORS, {_ADVICE}:\n{shown}")
    if _patch(there["release"]) < _patch(ours["release"]):
        pytest.skip(f"the table is of Celery {ours['release']}, installed is {there['release']}")
    assert not found, f"Celery {there['release']} differs from {release}.json; {_ADVICE}:\n{shown}"


def _patch(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split(".") if part.isdecimal())


def test_differences_name_what_changed() -> None:
    there = {"settings": {"a": {"type": "int"}, "c": {}}, "call_options": ["x", "y"]}
    ours = {"settings": {"a": {"type": "str"}, "b": {}}, "call_options": ["x"]}
    assert list(_differences(there, ours)) == [
        "call_options has y, new in it",
        "settings has c, new in it",
        "settings has no b any more",
        "settings.a.type was 'str', is 'int'",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES)
def test_the_released_packages_give_the_tables(release: str) -> None:
    generator = runpy.run_path(str(_SCRIPTS / "generate_celery_tables.py"))
    there = json.loads(json.dumps(generator["read_release"](release)))
    assert list(_differences(there, _ours(release))) == []


def test_options_are_told_apart() -> None:
    known = table("5.7")
    assert {"name", "base", "bind", "pydantic", "autoretry_for", "retry_jitter"} <= known.decorator_options
    assert known.task_attributes["max_retries"] == 3
    assert {"on_failure", "before_start", "on_bound", "shadow_name"} <= known.task_methods
    assert {"queue", "exchange_type", "delivery_mode", "compression"} <= known.execution_options
    assert {"countdown", "eta", "link_error", "message_id", "confirm_timeout", "mandatory"} <= known.call_options
    assert {"immutable", "countdown"} <= known.signature_options
    assert not {"self", "body", "callbacks", "name"} & known.call_options
    assert not {"countdown", "eta", "retry_policy"} & known.task_options
    assert {"task", "schedule", "relative"} <= known.schedule_keys
    assert "queue" not in known.schedule_keys


def test_what_is_gone_names_what_to_use() -> None:
    known = table("5.3")
    assert known.removed["celery.task.task"].replacement == "celery.shared_task"
    assert known.removed["celery.task"].removed == "5.0"
    assert known.deprecated["celery.subtask"].replacement == "celery.signature"
    assert known.deprecated_members["AsyncResult"]["task_id"].replacement == "id"
    assert known.unread_settings["cassandra_bundle_path"] == "cassandra_secure_bundle_path"


def test_deprecations_start_with_their_release() -> None:
    assert "queue" in table("5.7").deprecated_task_options
    assert "queue" not in table("5.6").deprecated_task_options
    assert "acks_on_failure_or_timeout" in table("5.7").deprecated_task_options


def test_packages_beside_celery_are_known() -> None:
    by_name = {plugin.package: plugin for plugin in plugins()}
    assert "redbeat_redis_url" in by_name["celery-redbeat"].settings
    assert "once" in by_name["celery-once"].task_options & by_name["celery-once"].call_options
    assert "unique_on" in by_name["celery-singleton"].task_options
    assert by_name["flower"].commands == {"flower"}
    assert all(plugin.version for plugin in plugins())
