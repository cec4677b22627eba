"""Schedules and durations in words."""

from __future__ import annotations

import pytest
from celery.schedules import crontab

from celery_lint.views.words import crontab_in_words, duration, interval


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "every second"),
        (30, "every 30 seconds"),
        (0.5, "every 0.5 seconds"),
        (60, "every minute"),
        (300.0, "every 5 minutes"),
        (90, "every 1 minute and 30 seconds"),
        (3600, "every hour"),
        (5400, "every 1 hour and 30 minutes"),
        (86400, "every day"),
        (604800, "every 7 days"),
        (90061, "every 90061 seconds"),
        (0, "all the time"),
    ],
)
def test_intervals(seconds: float, words: str) -> None:
    assert interval(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(900, "15 min"), (90, "1 min 30 s"), (5400, "1 h 30 min"), (0.5, "0.5 s"), (0, "0 s")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "every minute"),
        ({"minute": "*/5"}, "every 5 minutes"),
        ({"minute": 0}, "every hour"),
        ({"minute": 15}, "every hour at :15"),
        ({"minute": "0,20"}, "every hour at :00 and :20"),
        ({"minute": "30", "hour": "2"}, "every day at 02:30 UTC"),
        ({"minute": 0, "hour": "7,19"}, "every day at 07:00 and 19:00 UTC"),
        ({"minute": 0, "hour": "*/2"}, "every 2 hours"),
        ({"minute": 10, "hour": "*/6"}, "every day at 00:10, 06:10, 12:10 and 18:10 UTC"),
        ({"hour": 3}, "every minute from 03:00 to 03:59 UTC"),
        (
            {"minute": 0, "hour": "8-17", "day_of_week": "mon-fri"},
            "every hour from 08:00 to 17:00 UTC on Monday to Friday",
        ),
        ({"minute": "*/15", "hour": "8-17"}, "every 15 minutes from 08:00 to 17:45 UTC"),
        ({"minute": 0, "hour": 0, "day_of_week": "sun"}, "at 00:00 UTC on Sunday"),
        ({"minute": 0, "hour": 0, "day_of_week": "sat,sun"}, "at 00:00 UTC on Saturday and Sunday"),
        ({"minute": 0, "hour": 0, "day_of_month": 1}, "at 00:00 UTC on day 1 of the month"),
        (
            {"minute": 0, "hour": 0, "day_of_month": "1-7", "day_of_week": 1},
            "at 00:00 UTC on days 1 to 7 of the month if it is Monday",
        ),
        ({"minute": 0, "hour": 6, "month_of_year": "1,7"}, "at 06:00 UTC in January and July"),
        ({"minute": "*/10", "hour": "1,5,9"}, "every 10 minutes in the hours 01, 05 and 09 UTC"),
    ],
)  # fmt: skip
def test_crontabs(fields: dict[str, str | int], words: str) -> None:
    made = crontab(**fields)
    sets = (made.minute, made.hour, made.day_of_week, made.day_of_month, made.month_of_year)
    assert crontab_in_words(*sets, "UTC") == words
