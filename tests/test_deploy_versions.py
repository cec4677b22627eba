"""The tables of the Celery releases."""

from __future__ import annotations

import pytest

from celery_lint.celery_versions import RELEASES, nearest_release, table


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_has_a_table(release: str) -> None:
    known = table(release)
    assert known.release.startswith(release + ".")
    assert known.settings["task_time_limit"].type == "float"
    assert "-Q" in known.cli["worker"]["queues"].flags


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CELERYD_TASK_TIME_LIMIT", "task_time_limit"),
        ("BROKER_URL", "broker_url"),
        ("CELERY_RESULT_BACKEND", "result_backend"),
        ("CELERY_TASK_TIME_LIMIT", "task_time_limit"),
        ("CELERY_TASK_ROUTES", "task_routes"),
        ("task_time_limit", None),
        ("TASK_TIME_LIMIT", None),
        ("CELERY_NO_SUCH_SETTING", None),
        ("DEBUG", None),
    ],
)
def test_old_names_lead_to_new_ones(old: str, new: str | None) -> None:
    assert table().new_name(old) == new


def test_releases_differ() -> None:
    assert "task_retry_on_worker_lost" in table("5.7").known_settings
    assert "task_retry_on_worker_lost" not in table("5.6").known_settings
    assert "pydantic" in table("5.5").task_options
    assert "pydantic" not in table("5.4").task_options
    assert "pool_start_method" not in table("5.6").options("worker")


@pytest.mark.parametrize("name", ["worker_logfile", "beat_pidfile", "override_backends", "redis_client_name"])
def test_documented_settings_outside_the_defaults_are_known(name: str) -> None:
    assert name in table("5.3").known_settings


@pytest.mark.parametrize(
    ("version", "release"),
    [("5.7.0", "5.7"), ("5.4", "5.4"), ("6.1", "5.7"), ("4.4.7", "5.3"), ("5", "5.3"), ("latest", "5.7")],
)
def test_a_version_without_a_table_takes_the_nearest_older_one(version: str, release: str) -> None:
    assert nearest_release(version) == release
