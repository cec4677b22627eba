"""The record of the experiments: `results.json`, one entry a line so that two people can add to it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

FILE = Path(__file__).parent / "results.json"


@dataclass(frozen=True, slots=True, order=True)
class Result:
    """What was observed for the rule CODE in one POOL: of the BAD example, and of its correction."""

    code: str
    pool: str
    broker: str
    celery: str
    python: str
    bad: str
    fixed: str
    proven: bool
    date: str

    def as_dict(self) -> dict[str, object]:
        """As it stands in the record."""
        order = ("code", "celery", "python", "pool", "broker", "bad", "fixed", "proven", "date")
        values = asdict(self)
        return {key: values[key] for key in order}

    def same(self, other: Result) -> bool:
        """Whether OTHER says the same, on whatever day."""
        return {**asdict(self), "date": ""} == {**asdict(other), "date": ""}


def today() -> str:
    """The day of this run."""
    return datetime.now(UTC).date().isoformat()


def read() -> list[Result]:
    """All that is recorded, sorted."""
    if not FILE.exists():
        return []
    return sorted(Result(**entry) for entry in json.loads(FILE.read_text(encoding="utf-8"))["results"])


def merge(new: Iterable[Mapping[str, object]]) -> None:
    """Replace what is recorded for the rules and pools of NEW. What was seen before keeps its day."""
    known = {(each.code, each.pool): each for each in read()}
    for entry in new:
        result = Result(**entry)  # type: ignore[arg-type]
        before = known.get((result.code, result.pool))
        if before is None or not result.same(before):
            known[result.code, result.pool] = result
    FILE.write_text(text(sorted(known.values())), encoding="utf-8")


def keep(experiments: Collection[tuple[str, str]]) -> None:
    """Drop what is recorded for rules and pools that are not among EXPERIMENTS."""
    FILE.write_text(text(each for each in read() if (each.code, each.pool) in experiments), encoding="utf-8")


def text(results: Iterable[Result]) -> str:
    """RESULTS as the file has them."""
    lines = ",\n".join(json.dumps(each.as_dict(), ensure_ascii=False) for each in results)
    return f'{{"results": [\n{lines}\n]}}\n'


def proofs(results: Iterable[Result]) -> dict[str, str]:
    """For every rule that is proven in all its experiments, the line on its page."""
    sentences: dict[str, str] = {}
    for code, group in groupby(sorted(results), key=lambda each: each.code):
        all_of_it = list(group)
        if all(each.proven for each in all_of_it):
            sentences[code] = _sentence(all_of_it)
    return sentences


def _sentence(results: list[Result]) -> str:
    version = ".".join(results[0].celery.split(".")[:2])
    pools = [each.pool for each in results if each.pool != "none"]
    if not pools:
        return f"Proven on Celery {version}."
    names = ", ".join(pools[:-1]) + " and " + pools[-1] if len(pools) > 1 else pools[0]
    return f"Proven on Celery {version}, pool{'s' if len(pools) > 1 else ''} {names}."
