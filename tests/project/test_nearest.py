"""The names that were probably meant."""

from __future__ import annotations

import pytest

from celery_lint.celery_versions import table
from celery_lint.project.code.nearest import misspelt


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("time_limt", "time_limit"),
        ("soft_timelimit", "soft_time_limit"),
        ("ignore_resuls", "ignore_result"),
        ("ignore_results", "ignore_result"),
        ("max_retires", "max_retries"),
        ("retry_backof", "retry_backoff"),
        ("autoretry_fro", "autoretry_for"),
        ("bnd", "bind"),
        ("nme", "name"),
        ("biind", "bind"),
        ("qeueu", "queue"),
        ("acks_laet", "acks_late"),
    ],
)
def test_a_slip_of_two_letters_is_seen(name: str, meant: str) -> None:
    assert misspelt(name, table().task_options) == meant


@pytest.mark.parametrize(
    "name", ["bind", "time_limit", "retries", "timeout", "once", "unique_on", "tags", "user", "owner", "eta", ""]
)
def test_another_word_is_no_slip(name: str) -> None:
    assert misspelt(name, table().task_options) is None


def test_two_that_are_equally_close_are_none() -> None:
    assert misspelt("retry_maz", ("retry_max", "retry_may")) is None
    assert misspelt("retry_max_", ("retry_max", "retry_may")) == "retry_max"
