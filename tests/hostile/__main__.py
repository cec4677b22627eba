"""Fuzz celery-lint, with a process of its own for every few inputs.

    python -m tests.hostile packages FOLDER...            read every Python file below each FOLDER, reached or not, and
                                                          lint each FOLDER as one project
    python -m tests.hostile deploy FOLDER...              read every deployment file below the FOLDERs
    python -m tests.hostile mutate [--inputs N] FOLDER... spoil files below the FOLDERs, and read them
    python -m tests.hostile cases [--inputs N]            spoil the edge cases of the rules, and lint them
    python -m tests.hostile programs [--inputs N]         lint random programs, in which nothing may be found
    python -m tests.hostile nesting                       everything nested or repeated 100,000 times

What goes wrong is printed, and the input kept in --keep. Exit status 1 when anything did. `--record` notes the figures.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from celery_lint.facts.deploy import reads
from celery_lint.testing.cases import load
from tests.hostile.figures import record
from tests.hostile.limits import contained
from tests.hostile.mutate import DEPLOY_WORDS, PYTHON_VALUES, spoilt
from tests.hostile.nesting import NESTED
from tests.hostile.whole import limited, lint, lint_folder, read_file

_RULES = Path(__file__).parent.parent / "fixtures" / "rules"
_BATCH = 40
Files = Mapping[str, bytes]
Input = Callable[[], Files]


def main(arguments: Sequence[str]) -> int:
    """Do what ARGUMENTS say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile")
    parser.add_argument("what", choices=["packages", "deploy", "mutate", "cases", "programs", "nesting"])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--inputs", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir(), "celery-lint-hostile"))
    parser.add_argument("--record", action="store_true")
    options = parser.parse_intermixed_args(arguments)
    fuzz = Fuzz(options.keep)
    figures = getattr(fuzz, options.what)(options)
    print(", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in figures.items()), f"wrong: {fuzz.wrong}")
    if options.record and not fuzz.wrong:
        record(**figures)
    return 1 if fuzz.wrong else 0


class Fuzz:
    """One run. Inputs that went wrong are put into the folder KEEP."""

    def __init__(self, keep: Path) -> None:
        self.wrong = 0
        self._keep = keep

    def packages(self, options: argparse.Namespace) -> dict[str, int]:
        files = 0
        for folder in options.folders:
            paths = [path for path in _below([folder]) if path.suffix == ".py"]
            self._batches([_file(path) for path in paths], _read_all, seconds=30)
            ended = contained(partial(lint_folder, folder.resolve(), fixes=False), 600, 4_000)
            self._note(f"linting {folder}", ended.wrong, {})
            files += len(paths)
            print(f"{folder}: {len(paths)} files, {ended.seconds:.0f} s, {ended.megabytes} MB", flush=True)
        return {"packages_read": len(options.folders), "files_of_packages_read": files}

    def deploy(self, options: argparse.Namespace) -> dict[str, int]:
        paths = [path for path in _below(options.folders) if reads(path.as_posix().lstrip("/"))]
        self._batches([_file(path) for path in paths], _read_all, seconds=10)
        return {"deployment_files_read": len(paths)}

    def mutate(self, options: argparse.Namespace) -> dict[str, int]:
        paths = [path for path in _below(options.folders) if path.suffix == ".py" or reads(path.name)]
        paths = [path for path in paths if path.stat().st_size < 100_000]
        choose = random.Random(options.seed)
        inputs = [_mutated_file(choose.choice(paths), options.seed + n) for n in range(options.inputs)]
        self._batches(inputs, _read_all, seconds=20)
        return {"files_fuzzed": len(inputs)}

    def cases(self, options: argparse.Namespace) -> dict[str, int]:
        cases = [case.files for page in sorted(_RULES.rglob("*.md")) for case in load(page)]
        choose = random.Random(options.seed)
        inputs = [_mutated_case(choose.choice(cases), options.seed + n) for n in range(options.inputs)]
        self._batches(inputs, _lint_all, seconds=20)
        return {"projects_fuzzed": len(inputs)}

    def programs(self, options: argparse.Namespace) -> dict[str, int]:
        inputs = [_program(source) for source in _programs(options.inputs, options.seed)]
        self._batches(inputs, _lint_nonsense, seconds=20)
        return {"random_programs_read": len(inputs)}

    def nesting(self, options: argparse.Namespace) -> dict[str, int]:
        inputs = [_nested(kind, depth) for kind in NESTED for depth in (300, 3_000, 30_000, 100_000)]
        self._batches(inputs, _read_all, seconds=120, size=1)
        return {"nested_programs_read": len(inputs)}

    def _batches(
        self, inputs: Sequence[Input], work: Callable[[Files], None], seconds: int, size: int = _BATCH
    ) -> None:
        for start in range(0, len(inputs), size):
            batch = inputs[start : start + size]
            if contained(partial(_all, batch, work, seconds), 4 * seconds + 60).wrong:
                for each in batch:
                    ended = contained(partial(_all, [each], work, seconds), 4 * seconds)
                    files = each() if ended.wrong else {}
                    self._note(", ".join(files), ended.wrong, files)

    def _note(self, name: str, wrong: str, files: Files) -> None:
        if not wrong:
            return
        self.wrong += 1
        kept = self._keep / f"{os.getpid()}-{self.wrong}"
        for path, data in files.items():
            target = kept / path.lstrip("/").replace("..", "_")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        print(f"WRONG {name} ({kept})\n{wrong[-1_500:]}", flush=True)


def _all(inputs: Sequence[Input], work: Callable[[Files], None], seconds: int) -> None:
    for made in inputs:
        files = made()
        with limited(seconds):
            work(files)


def _read_all(files: Files) -> None:
    for path, data in files.items():
        read_file(path, data)


def _lint_all(files: Files) -> None:
    lint(files)


def _lint_nonsense(files: Files) -> None:
    findings = lint(files)
    assert not findings, findings


def _below(folders: Sequence[Path]) -> list[Path]:
    """All regular files below FOLDERS, without what git keeps."""
    found = []
    for folder in folders:
        for root, inner, names in os.walk(folder):
            inner[:] = sorted(name for name in inner if name != ".git")
            found += [path for name in sorted(names) if (path := Path(root, name)).is_file() and not path.is_symlink()]
    return found


def _file(path: Path) -> Input:
    return lambda: {str(path): path.read_bytes()}


def _mutated_file(path: Path, seed: int) -> Input:
    words = PYTHON_VALUES if path.suffix == ".py" else DEPLOY_WORDS
    name = path.name if path.suffix == ".py" or "chart" not in str(path) else f"charts/{path.name}"
    return lambda: {name: spoilt(path.read_bytes(), random.Random(seed), words)}


def _mutated_case(case: Mapping[str, str], seed: int) -> Input:
    def made() -> Files:
        chance, files = random.Random(seed), {path: text.encode() for path, text in case.items()}
        for path in chance.sample(sorted(files), chance.randint(1, min(2, len(files)))):
            words = PYTHON_VALUES if path.endswith(".py") else DEPLOY_WORDS
            files[path] = spoilt(files[path], chance, words)
        return {path: data for path, data in files.items() if not path.endswith((".toml", ".cfg"))} or {"a.py": b""}

    return made


def _program(source: str) -> Input:
    return lambda: {"proj/program.py": source.encode("utf-8", "replace"), "proj/__init__.py": b""}


def _programs(count: int, seed: int) -> Iterator[str]:
    """COUNT random programs that compile."""
    import hypothesmith
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    found: list[str] = []

    @seeded(seed)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(hypothesmith.from_grammar() | hypothesmith.from_node())
    def collect(source: str) -> None:
        found.append(source)

    collect()
    yield from found


def _nested(kind: str, depth: int) -> Input:
    return lambda: {f"{kind} {depth}.py": NESTED[kind](depth).encode()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
