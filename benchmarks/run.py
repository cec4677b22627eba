"""Measure celery-lint beside other linters: see README.md here.

python benchmarks/run.py NAME=FOLDER … [--tools ruff,flake8] [--runs 5] [--write]
"""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checkout import Checkout, change, composed, copied
from measure import Cost, FailedError, cost
from options import asked
from sizes import lines_read
from sizes import table as sizes
from table import Results, headline, tables, write_block
from tools import HERE, OURS, ROOT, Installed, declared, found, install

# A file system's clock is a little behind: what was written a moment ago is not taken for settled.
_SETTLED = 0.1
_LONG = 60.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is measured. WARM: with what the run before has remembered, so only for tools that remember. CHANGES: which
    file of the checkout has one more line since then. SINGLE: lint just that file, as a hook does."""

    name: str
    warm: bool = False
    changes: str = ""
    single: bool = False

    def takes(self, installed: Installed) -> bool:
        """Whether the tool takes part."""
        return not self.warm or self.single or installed.tool.warm is not None


SCENARIOS = (
    Scenario("cold"),
    Scenario("warm", warm=True),
    Scenario("one file changed, without Celery", warm=True, changes="plain"),
    Scenario("one file changed, with Celery", warm=True, changes="celery"),
    Scenario("that file alone, as a hook", warm=True, changes="celery", single=True),
)


@dataclass(slots=True)
class Bench:
    """Everything that is measured in one go, below the folder PLACE."""

    place: Path
    tools: Sequence[Installed]
    runs: int
    limit: float
    once: Collection[str] = ()
    up_to: Mapping[str, int] = field(default_factory=dict)
    results: Results = field(default_factory=Results)
    read: dict[str, int | None] = field(default_factory=dict)

    def project(self, checkout: Checkout) -> None:
        """Measure all tools with CHECKOUT, in turn, as often as asked."""
        for tool in self.tools:
            shutil.rmtree(self._cache(checkout, tool), ignore_errors=True)
        tools = [tool for tool in self.tools if checkout.files <= self.up_to.get(tool.tool.name, checkout.files)]
        for number in range(self.runs):
            for scenario in SCENARIOS:
                self._scenario(checkout, scenario, number, [tool for tool in tools if self._runs(tool) > number])

    def alone(self, checkout: Checkout) -> None:
        """Measure a cold run of celery-lint with CHECKOUT, as often as asked."""
        tools = [tool for tool in self.tools if tool.tool.name == OURS]
        for number in range(self.runs):
            self._scenario(checkout, SCENARIOS[0], number, tools)

    def _runs(self, tool: Installed) -> int:
        return 1 if tool.tool.name in self.once else self.runs

    def _scenario(self, checkout: Checkout, scenario: Scenario, number: int, tools: Sequence[Installed]) -> None:
        taking = [tool for tool in tools if scenario.takes(tool)]
        changed = {"": None, "plain": checkout.plain, "celery": checkout.celery}[scenario.changes]
        if not taking or (scenario.changes and changed is None):
            return
        if scenario.warm:
            for tool in taking:
                self._remember(checkout, tool)
        if changed is not None:
            change(checkout.folder, changed, number * len(SCENARIOS) + SCENARIOS.index(scenario))
        time.sleep(_SETTLED)
        turn = number % len(taking)
        for tool in (*taking[turn:], *taking[:turn]):
            key = (scenario.name, tool.tool.name, checkout.name)
            # Minutes do not vary by much: once is enough.
            if any(each is None or each.wall > _LONG for each in self.results.of(key)):
                continue
            if not scenario.warm and tool.tool.warm is not None:
                shutil.rmtree(self._cache(checkout, tool), ignore_errors=True)
            spent = self._run(checkout, tool, changed if scenario.single and changed else ".", warm=scenario.warm)
            self.results.add(key, number, spent)
            if not scenario.warm and tool.tool.name == OURS and spent is not None:
                self.read[checkout.name] = lines_read(checkout, tool, self._cache(checkout, tool))
            say(f"{checkout.name}, run {number + 1}, {scenario.name}: {tool.tool.name} {_seconds(spent)}")

    def _remember(self, checkout: Checkout, tool: Installed) -> None:
        if tool.tool.warm is not None:
            self._run(checkout, tool, ".", warm=True)

    def _run(self, checkout: Checkout, tool: Installed, target: str, *, warm: bool) -> Cost | None:
        """What one run costs; None when it is given up. One tool that fails does not end the others' hours."""
        try:
            return cost(
                tool.command(self._cache(checkout, tool), target, warm=warm),
                checkout.folder,
                tool.environment(self._home),
                limit=self.limit,
                statuses=tool.tool.statuses,
            )
        except FailedError as error:
            say(f"error: {error}")
            return None

    def start_up(self) -> None:
        """Measure how long celery-lint takes to say its version, beside Python loading click."""
        ours = next((tool for tool in self.tools if tool.tool.name == OURS), None)
        if ours is None:
            return
        commands = {
            "--version": [str(ours.bin / "celery-lint"), "--version"],
            "click": [str(ours.bin / "python"), "-c", "import click"],
        }
        for number in range(4 * self.runs):
            for name, command in commands.items():
                spent = cost(command, self.place, ours.environment(self._home), limit=self.limit)
                self.results.add(("start-up", name, ""), number, spent)

    def check(self) -> None:
        """Make sure that every tool finds what it is measured at finding."""
        sample = copied("sample", HERE / "sample", self.place / "checkouts/sample")
        for tool in self.tools:
            cache = self._cache(sample, tool)
            shutil.rmtree(cache, ignore_errors=True)
            number = found(tool, sample.folder, cache, self._home)
            if number < tool.tool.finds:
                raise FailedError(f"{tool.tool.name} finds {number} and not {tool.tool.finds} in benchmarks/sample")

    @property
    def _home(self) -> Path:
        home = self.place / "home"
        home.mkdir(parents=True, exist_ok=True)
        return home

    def _cache(self, checkout: Checkout, tool: Installed) -> Path:
        return self.place / "caches" / checkout.name / tool.tool.name


def main() -> int:
    """Measure, and print Markdown."""
    options = asked()
    chosen = [name for name in declared() if not options.tools or name in options.tools or name == OURS]
    place = options.folder.absolute()
    try:
        say("installing " + ", ".join(chosen))
        tools = list(install([declared()[name] for name in chosen], place / "tools", options.python))
        bench = Bench(place, tools, options.runs, options.limit, options.once, dict(options.up_to))
        bench.check()
        say("copying")
        copies = {
            name: copied(name, source, place / "checkouts" / name)
            for name, source in (*options.projects, *options.alone)
        }
        wholes = [
            composed(name, [copies[part] for part in parts], place / "checkouts" / name)
            for name, parts in options.together
        ]
        checkouts = [*(copies[name] for name, _ in options.projects), *wholes]
        for checkout in checkouts:
            bench.project(checkout)
        alone = [copies[name] for name, _ in options.alone]
        for checkout in alone:
            bench.alone(checkout)
        bench.start_up()
    except (FailedError, subprocess.CalledProcessError) as error:
        say(f"error: {error}")
        return 1
    text = "\n".join(tables(bench.results, checkouts, [tool.tool for tool in tools], tuple(about(tools, options.runs))))
    by_size = "\n".join(sizes(bench.results, [*checkouts, *alone], bench.read))
    sys.stdout.write(f"{text}\n\n{by_size}\n")
    if options.write:
        write_block(ROOT / "docs/performance.md", "sizes", by_size)
        write_block(ROOT / "docs/performance.md", "benchmarks", text)
        write_block(ROOT / "README.md", "speed", headline(bench.results, checkouts))
    return 0


def about(tools: Sequence[Installed], runs: int) -> Iterator[str]:
    """What was measured, when, and on what kind of machine."""
    ours = next(tool for tool in tools if tool.tool.name == OURS)
    said = subprocess.run([ours.bin / OURS, "--version"], check=True, capture_output=True, text=True).stdout
    others = [tool.tool.version() for tool in tools if tool.tool.name != OURS]
    yield ", ".join([said.strip(), *others, f"Python {platform.python_version()}"])
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"{datetime.date.today().isoformat()}, medians of {runs} runs in turn"
    yield f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, {platform.system()}"


def say(text: str) -> None:
    """Tell how far this is."""
    sys.stderr.write(text + "\n")


def _seconds(spent: Cost | None) -> str:
    return "given up" if spent is None else f"{spent.wall:.3f} s"


if __name__ == "__main__":
    sys.exit(main())
