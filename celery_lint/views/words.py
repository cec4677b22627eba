"""Schedules and durations in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_SHORT = {"day": "d", "hour": "h", "minute": "min", "second": "s"}
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MOST_TIMES = 6


def duration(seconds: float) -> str:
    """SECONDS, short: `90` → `1 min 30 s`."""
    return " ".join(f"{_number(count)} {_SHORT[unit]}" for count, unit in _parts(seconds)) or "0 s"


def interval(seconds: float) -> str:
    """Every so many SECONDS: `300` → `every 5 minutes`."""
    if seconds <= 0:
        return "all the time"
    parts = _parts(seconds)
    if len(parts) == 1 and parts[0][0] == 1:
        return f"every {parts[0][1]}"
    return "every " + joined([f"{_number(count)} {unit}{'' if count == 1 else 's'}" for count, unit in parts])


def crontab_in_words(
    minutes: Collection[int],
    hours: Collection[int],
    days_of_week: Collection[int],
    days_of_month: Collection[int],
    months: Collection[int],
    zone: str | None,
) -> str:
    """What a crontab means, from the sets that Celery expands it to. ZONE is named where an hour of the day is."""
    time, is_clock = _time(sorted(minutes), sorted(hours))
    days = _days(sorted(days_of_week), sorted(days_of_month), sorted(months))
    in_zone = f" {zone}" if is_clock and zone else ""
    if not days:
        return f"every day {time}{in_zone}" if is_clock and not time.startswith("every") else f"{time}{in_zone}"
    return f"{time}{in_zone} {days}"


def joined(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _parts(seconds: float) -> list[tuple[float, str]]:
    """SECONDS in the units people count it in; a number that would need three of them stays in the smallest."""
    left, parts = seconds, list[tuple[float, str]]()
    for size, unit in _UNITS:
        count = left if size == 1 else left // size
        if count:
            parts.append((count, unit))
        left -= count * size
    return parts if len(parts) <= 2 else [(seconds, "second")]


def _number(number: float) -> str:
    return f"{number:g}" if number < 1e6 else str(int(number))


def _time(minutes: list[int], hours: list[int]) -> tuple[str, bool]:
    """When in a day, and whether that names hours of the clock."""
    if len(hours) == 24:
        return _in_the_hour(minutes, "every hour"), False
    if len(minutes) * len(hours) <= _MOST_TIMES and len(minutes) <= 2:
        return "at " + joined([f"{hour:02}:{minute:02}" for hour in hours for minute in minutes]), True
    step = _step(hours, 24)
    if step is not None:
        return _in_the_hour(minutes, f"every {step} hours"), False
    start, end = f"{hours[0]:02}:{minutes[0]:02}", f"{hours[-1]:02}:{minutes[-1]:02}"
    if _is_run(hours) or len(hours) == 1:
        return f"{_in_the_hour(minutes, 'every hour', named=False)} from {start} to {end}", True
    listed = joined([f"{hour:02}" for hour in hours])
    return f"{_in_the_hour(minutes, 'once an hour')} in the hours {listed}", True


def _in_the_hour(minutes: list[int], hourly: str, *, named: bool = True) -> str:
    """MINUTES of an hour that comes HOURLY. Not NAMED: the first of them is said elsewhere."""
    rest = "" if hourly in ("every hour", "once an hour") else f" of {hourly}".replace("of every", "in one of")
    if len(minutes) == 60:
        return "every minute" + rest
    if len(minutes) == 1:
        return hourly if minutes[0] == 0 or not named else f"{hourly} at :{minutes[0]:02}"
    step = _step(minutes, 60)
    if step is not None:
        return f"every {step} minutes{rest}"
    return f"{hourly} at {joined([f':{minute:02}' for minute in minutes])}"


def _step(values: list[int], size: int) -> int | None:
    """N when VALUES are every Nth of SIZE, from 0 to the end."""
    if len(values) < 2 or values[0] != 0:
        return None
    step = values[1]
    return step if size % step == 0 and values == list(range(0, size, step)) else None


def _is_run(values: list[int]) -> bool:
    return len(values) > 1 and values[-1] - values[0] == len(values) - 1


def _days(of_week: list[int], of_month: list[int], months: list[int]) -> str:
    """Which days; empty for all of them. Celery wants all three to fit (plain cron takes either kind of day)."""
    parts = []
    if len(of_month) < 31:
        numbers = f"{of_month[0]} to {of_month[-1]}" if _is_long(of_month) else joined([str(day) for day in of_month])
        parts.append(f"on day{'s' if len(of_month) > 1 else ''} {numbers} of the month")
    if len(of_week) < 7:
        names = _weekdays(of_week)
        parts.append(f"if it is {names}" if parts else f"on {names}")
    if len(months) < 12:
        parts.append(f"in {_range([_MONTHS[month - 1] for month in months], is_run=_is_long(months))}")
    return " ".join(parts)


def _weekdays(days: list[int]) -> str:
    # A week of people starts on Monday, that of cron on Sunday.
    order = sorted(days, key=lambda day: (day - 1) % 7)
    return _range([_DAYS[day] for day in order], is_run=_is_long([(day - 1) % 7 for day in order]))


def _range(names: list[str], *, is_run: bool) -> str:
    return f"{names[0]} to {names[-1]}" if is_run else joined(names)


def _is_long(values: list[int]) -> bool:
    return len(values) > 2 and _is_run(values)
