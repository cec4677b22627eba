"""One trial: a project that has something to fix, written differently, fixed, and held to the promises."""

from __future__ import annotations

import ast
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from celery_lint.configfile import Place, locate
from celery_lint.finding import Finding
from celery_lint.settings import Configuration, load, override
from celery_lint.testing import Case
from celery_lint.testing import load as load_cases
from celery_lint.testing.checking import write
from tests.fix.promises import Fixing, broken, fixing, imported, meaning
from tests.fix.variants import Variant, Wanted, encoded

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*(ROOT / "rules").glob("*/*.md"), *(ROOT / "tests" / "fixtures" / "rules").glob("*/*.md")])


@dataclass(frozen=True, slots=True)
class Seed:
    """A CASE with something to fix; CODE is the rule it is about."""

    case: Case
    code: str

    def __str__(self) -> str:
        return f"{Path(self.case.page).stem}::{self.case.name}"

    def __hash__(self) -> int:
        return hash(str(self))


def seeds(*, shown: bool = True) -> tuple[Seed, ...]:
    """The examples and edge cases that show a fix; without SHOWN all in which something is found."""
    found = []
    for page in PAGES:
        for case in load_cases(page):
            if case.fixed or any(each.fix or not shown for each in case.expected):
                found.append(Seed(case, case.expected[0].code if case.expected else ""))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one: the FILES as they were varied, how they were fixed (DONE), and what is wrong."""

    files: Mapping[str, bytes]
    done: Fixing
    problems: tuple[str, ...]

    @property
    def fixed(self) -> int:
        """How many findings were fixed."""
        return len(self.done.plan.fixed)


def attempt(seed: Seed, variants: Sequence[Variant], encoding: str = "utf-8") -> Trial:
    """Fix SEED, written as VARIANTS (those that can be made) and ENCODING say."""
    plain = _plain(seed)
    made: set[Variant] = set()
    files = {path: _varied(path, text, variants, encoding, plain, made) for path, text in seed.case.files.items()}
    done = _fixed(files, seed)
    problems = [*broken(done), *_again(files, done, seed)]
    if all(variant.kind != "other" for variant in made):
        problems += _compared(plain, done, variants)
    return Trial(files, done, tuple(problems))


def _varied(
    path: str, text: str, variants: Sequence[Variant], encoding: str, plain: Fixing, made: set[Variant]
) -> bytes:
    """The file PATH with VARIANTS, which go into MADE, in the ENCODING if it can be."""
    if not path.endswith(".py") or not _is_code(text):
        text = _redeployed(path, text, {variant.name for variant in variants})
        return encoded(text, encoding if encoding == "crlf" else "utf-8") or text.encode()
    new = _changed(text, variants, _wanted(path, plain), made)
    return encoded(new, encoding) or new.encode()


_PLAIN = re.compile(r"[^\s#][^#|>\"'\\]*[^#|>\"'\\:\s]")


def _redeployed(path: str, text: str, names: set[str]) -> str:
    """The deployment file PATH with the same VARIANTS, as far as they can be made of it."""
    lines = text.split("\n")
    if path.endswith((".yml", ".yaml")):
        if "a comment on each line" in names:
            lines = [
                f"{line}  # c{number}" if _PLAIN.fullmatch(line.strip()) else line for number, line in enumerate(lines)
            ]
        if "a comment above each statement" in names:
            lines = [part for number, line in enumerate(lines) for part in _above(number, line)]
    text = "\n".join(lines)
    return text.rstrip("\n") if "no final newline" in names else text


def _above(number: int, line: str) -> list[str]:
    key = re.match(r"(\s*)[\w-]+:", line)
    return [f"{key[1]}# above {number}", line] if key else [line]


def _changed(text: str, variants: Sequence[Variant], wanted: Wanted, made: set[Variant]) -> str:
    for variant in variants:
        try:
            new = variant.change(text, wanted)
        except SyntaxError:  # it changed what another one had made of tabs
            continue
        if new is not None and new != text and _is_code(new):
            made.add(variant)
            text = new
    return text


def _is_code(text: str) -> bool:
    try:
        compile(text, "<variant>", "exec", dont_inherit=True, flags=ast.PyCF_ONLY_AST)
    except SyntaxError:
        return False
    return True


def _wanted(path: str, plain: Fixing) -> Wanted:
    """What the fix of the file PATH imports."""
    if path not in plain.plan.after:
        return ()
    before, after = (ast.parse(side[path]) for side in (plain.plan.before, plain.plan.after))
    new = Counter(imported(after)) - Counter(imported(before))
    return tuple(dict.fromkeys((module, name) for module, name, _ in new if not module.startswith(".")))


@cache
def _plain(seed: Seed) -> Fixing:
    return _fixed({path: text.encode() for path, text in seed.case.files.items()}, seed)


def _fixed(files: Mapping[str, bytes], seed: Seed) -> Fixing:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "project"
        write(root, files)
        return fixing(_configuration(root, seed))


def _configuration(root: Path, seed: Seed) -> Configuration:
    place = locate(root)
    configuration = load(place if place.root == root else Place(root, None))
    return configuration if seed.case.select is None else override(configuration, {"select": seed.case.select})


def _again(files: Mapping[str, bytes], done: Fixing, seed: Seed) -> Iterator[str]:
    """A second run changes nothing."""
    if done.plan.after:
        second = _fixed({**files, **done.plan.after}, seed)
        for path in second.plan.after:
            yield f"{path}: is changed by a second run ({_codes(second.plan.fixed)})"


def _codes(findings: Sequence[Finding]) -> Counter[str]:
    return Counter(finding.code for finding in findings)


def _compared(plain: Fixing, done: Fixing, variants: Sequence[Variant]) -> Iterator[str]:
    """The same is found, and what is fixed comes to mean the same, however it was written before."""
    if (one := _codes(plain.found)) != (two := _codes(done.found)):
        yield f"found {two} and not {one}"
        return
    if _codes(plain.plan.fixed) != _codes(done.plan.fixed):
        return  # a fix may be withheld where the layout is unusual
    for path, after in done.plan.after.items():
        if not path.endswith(".py") or path not in plain.plan.after:
            continue
        wanted = _wanted(path, plain)
        adding = [each for each in variants if each.kind == "adding"]
        text = _changed(plain.plan.after[path].decode(), adding, wanted, set())
        if sorted(meaning(after)) != sorted(meaning(text.encode())):
            yield f"{path}: means something else than when it was written plainly"


def explained(trial: Trial) -> str:
    """What is wrong with TRIAL, and its files before and after."""
    parts = [f"--- {path}\n{data.decode('utf-8', 'replace')}" for path, data in trial.files.items()]
    parts += [f"+++ {path}\n{data.decode('utf-8', 'replace')}" for path, data in trial.done.plan.after.items()]
    return "\n".join(["", *trial.problems, *parts]).replace("\f", "<FF>")
