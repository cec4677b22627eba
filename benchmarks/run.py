"""Measure celery-lint beside other linters: see README.md here.

python benchmarks/run.py NAME=FOLDER … [--tools ruff,flake8] [--runs 5] [--write]
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checkout import Checkout, change, copied
from measure import Cost, FailedError, cost
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
    results: Results = field(default_factory=Results)

    def project(self, checkout: Checkout) -> None:
        """Measure all tools with CHECKOUT, in turn, as often as asked."""
        for tool in self.tools:
            shutil.rmtree(self._cache(checkout, tool), ignore_errors=True)
        for number in range(self.runs):
            for scenario in SCENARIOS:
                self._scenario(checkout, scenario, number)

    def _scenario(self, checkout: Checkout, scenario: Scenario, number: int) -> None:
        taking = [tool for tool in self.tools if scenario.takes(tool)]
        changed = {"": None, "plain": checkout.plain, "celery": checkout.celery}[scenario.changes]
        if scenario.changes and changed is None:
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
    options = _options()
    chosen = [name for name in declared() if not options.tools or name in options.tools or name == OURS]
    place = options.folder.absolute()
    try:
        say("installing " + ", ".join(chosen))
        tools = list(install([declared()[name] for name in chosen], place / "tools", options.python))
        bench = Bench(place, tools, options.runs, options.limit)
        bench.check()
        checkouts = [copied(name, source, place / "checkouts" / name) for name, source in options.projects]
        for checkout in checkouts:
            bench.project(checkout)
        bench.start_up()
    except (FailedError, subprocess.CalledProcessError) as error:
        say(f"error: {error}")
        return 1
    text = "\n".join(tables(bench.results, checkouts, [tool.tool for tool in tools], tuple(about(tools, options.runs))))
    sys.stdout.write(text + "\n")
    if options.write:
        write_block(ROOT / "docs/performance.md", "benchmarks", text)
        write_block(ROOT / "README.md", "speed", headline(bench.results, checkouts))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure celery-lint beside other linters.")
    parser.add_argument(
        "projects", nargs="+", type=_project, metavar="NAME=FOLDER", help="checkouts, which stay as they are"
    )
    parser.add_argument("--tools", type=lambda text: text.split(","), help="these only, by their names in tools.toml")
    parser.add_argument("--runs", type=int, default=5, help="how often each is run (default: 5)")
    parser.add_argument("--limit", type=float, default=900, help="seconds after which a run is given up (default: 900)")
    parser.add_argument(
        "--folder", type=Path, default=_default_folder(), help="where tools and copies go (default: %(default)s)"
    )
    parser.add_argument("--python", default=sys.executable, help="what the environments are made with")
    parser.add_argument(
        "--write", action="store_true", help="put the result into docs/performance.md, and the headline into the README"
    )
    options = parser.parse_args()
    if unknown := set(options.tools or ()) - set(declared()):
        parser.error(f"tools.toml has no {', '.join(sorted(unknown))}")
    if options.folder.absolute().is_relative_to(ROOT):
        parser.error("--folder: choose one outside the project")
    return options


def _project(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not equals or not name or "/" in name or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no NAME=FOLDER")
    return name, Path(folder).absolute()


def _default_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "celery-lint-benchmarks"


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
