"""Completion in shells: the scripts, and what completes a word that means rules."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

from celery_lint.errors import UserError
from celery_lint.pages import titles

SHELLS = ("bash", "zsh", "fish")


def script(command: click.Command, shell: str | None, environment: Mapping[str, str]) -> str:
    """What SHELL has to load to complete COMMAND; the user's own shell when it is None. Raises UserError when that is
    none that there is a script for."""
    name = shell or os.path.basename(environment.get("SHELL", ""))  # noqa: PTH119 -- the name of a program
    kind = get_completion_class(name) if name in SHELLS else None
    if kind is None:
        raise UserError(f"name your shell: celery-lint completion {'|'.join(SHELLS)}")
    return _source(kind(command, {}, "celery-lint", "_CELERY_LINT_COMPLETE"))


def _source(completion: ShellComplete) -> str:
    # Its own `source` starts the shell to look at its version, which whoever writes a package may not have.
    return completion.source_template % completion.source_vars()


def selectors(word: str) -> list[CompletionItem]:
    """What WORD, the start of one or more selectors with commas, may become."""
    before, comma, begun = word.rpartition(",")
    return [CompletionItem(before + comma + text, help=said) for text, said in _selectors(begun)]


def rules(word: str) -> list[CompletionItem]:
    """The rules that WORD may become, by code or by name."""
    return [CompletionItem(text, help=said) for text, said in _rules(word)]


def _selectors(begun: str) -> Iterator[tuple[str, str]]:
    if len(begun) < 4:
        families = {code[:4]: family for code, _, family in titles()}
        yield from (
            (start, f"all of {family}") for start, family in sorted(families.items()) if start.startswith(begun)
        )
    yield from _rules(begun)


def _rules(begun: str) -> Iterator[tuple[str, str]]:
    known = sorted(titles())
    yield from ((code, name) for code, name, _ in known if code.startswith(begun.upper()))
    # Hundreds of names are no help before something is known of the one that is meant.
    if begun:
        yield from ((name, code) for code, name, _ in known if name.startswith(begun.lower()))
