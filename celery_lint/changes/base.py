"""Which commit the files of a project are compared with."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from celery_lint.changes.git import Git, GitError
from celery_lint.errors import UserError
from celery_lint.gitroot import find_git_root

HEAD = "HEAD"


class Base(Struct, frozen=True):
    """The COMMIT of the repository at TOP that REF leads to for the project at ROOT; None before the first one."""

    root: Path
    top: Path
    ref: str
    commit: str | None


def base_of(root: Path, ref: str = HEAD) -> Base:
    """What the project at ROOT is compared with: where HEAD parted from REF, as `git diff REF...` has it. For HEAD that
    is HEAD itself, so that everything counts that is not committed yet, staged or not.

    Raises UserError when there is no repository, no git, no such commit, or not enough of its history.
    """
    root = root.resolve()
    top = find_git_root(root)
    if top is None:
        raise UserError(f"{root} is not in a git repository: there is nothing to compare with")
    if ref.startswith("-") or not ref.strip() or "\0" in ref:
        raise UserError(f'"{ref}" is no name of a commit')
    git = Git(top)
    _check(git)
    head = _commit(git, HEAD)
    if ref == HEAD:
        return Base(root, top, ref, head)
    commit = _commit(git, ref)
    if commit is None:
        raise UserError(_unknown(git, ref))
    if head is None:
        raise UserError(f'HEAD has no commit yet to compare with "{ref}"')
    return Base(root, top, ref, _parting(git, ref, commit, head))


def _check(git: Git) -> None:
    try:
        git.ask("rev-parse", "--git-dir")
    except GitError as error:
        if "dubious ownership" in str(error) or "unsafe repository" in str(error):
            raise UserError(
                f"git does not trust {git.top}, which belongs to somebody else: if you do, run "
                f"`git config --global --add safe.directory {git.top}`"
            ) from None
        raise UserError(f"git cannot use the repository {git.top}: {error}") from None


def _commit(git: Git, ref: str) -> str | None:
    try:
        return git.lines("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")[0]
    except (GitError, IndexError):
        return None


def _parting(git: Git, ref: str, commit: str, head: str) -> str:
    try:
        return git.lines("merge-base", commit, head)[0]
    except (GitError, IndexError):
        if _is_shallow(git):
            raise UserError(
                f'this clone is too shallow to say where HEAD parted from "{ref}": fetch the whole history '
                "(`fetch-depth: 0` of actions/checkout, `GIT_DEPTH: 0` on GitLab, `git fetch --unshallow`)"
            ) from None
        raise UserError(f'"{ref}" and HEAD have no commit in common') from None


def _unknown(git: Git, ref: str) -> str:
    message = f'there is no commit "{ref}" in {git.top}'
    if os.path.exists(ref):  # noqa: PTH110 -- Path.exists raises for a name that is too long
        return f"{message}; to name a path, put it before --changed, or behind --"
    if _is_shallow(git):
        return (
            f"{message}, which is a shallow clone: fetch the whole history "
            "(`fetch-depth: 0` of actions/checkout, `GIT_DEPTH: 0` on GitLab)"
        )
    if "/" not in ref and _commit(git, f"origin/{ref}"):
        return f'{message}; did you mean "origin/{ref}"?'
    return message


def _is_shallow(git: Git) -> bool:
    try:
        return git.lines("rev-parse", "--is-shallow-repository") == ["true"]
    except GitError:
        return False
