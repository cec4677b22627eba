"""What changed against a commit: which lines, which files, and nothing that a repository's configuration asks for."""

from __future__ import annotations

import difflib
import os
import random
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from celery_lint.changes import Changes, LineSet, base_of, changes_since
from celery_lint.changes.difference import blocks, changed_lines
from celery_lint.discover import discover
from celery_lint.errors import UserError
from tests.repositories import commit, git, put

LINES = "".join(f"line {number}\n" for number in range(1, 11))


def changes(root: Path, ref: str = "HEAD") -> Changes:
    return changes_since(base_of(root, ref), discover(root).paths)


# Lines


@pytest.mark.parametrize(
    ("old", "new", "ranges", "gaps"),
    [
        (b"a\nb\nc\n", b"a\nb\nc\n", (), ()),
        (b"a\nb\nc\n", b"a\nx\nc\n", ((2, 2),), ()),
        (b"a\nb\nc\n", b"a\nb\nx\ny\nc\n", ((3, 4),), ()),
        (b"a\nb\nc\n", b"a\nc\n", (), (1,)),
        (b"a\nb\nc\n", b"b\nc\n", (), (0,)),
        (b"", b"a\nb\n", ((1, 2),), ()),
        (b"a\nb\n", b"", (), (0,)),
        (b"a\nb", b"a\nb\n", (), ()),
        (b"a\r\nb\r\n", b"a\nb\n", (), ()),
        (b"\xef\xbb\xbfa\n", b"a\n", (), ()),
        (b"a\rb\r", b"a\rx\r", ((2, 2),), ()),
        (b"x\n" * 5, b"x\n" * 7, ((6, 7),), ()),
        (b"a\nb\na\nb\n", b"b\na\nb\na\n", ((4, 4),), (0,)),
    ],
)
def test_lines(old: bytes, new: bytes, ranges: tuple[tuple[int, int], ...], gaps: tuple[int, ...]) -> None:
    assert changed_lines(old, new) == LineSet(ranges, gaps)


@pytest.mark.parametrize(
    ("first", "last", "touched"),
    [(1, 2, False), (1, 3, True), (4, 4, True), (6, 8, False), (8, 9, True), (9, 9, False)],
)
def test_touches(first: int, last: int, touched: bool) -> None:
    assert LineSet(((3, 5),), (8,)).touches(first, last) is touched


def _texts() -> Iterator[tuple[list[bytes], list[bytes]]]:
    chance = random.Random(7)
    for words in (2, 3, 8, 40):
        for _ in range(60):
            old = [b"%d" % chance.randrange(words) for _ in range(chance.randrange(30))]
            new = list(old)
            for _ in range(chance.randrange(8)):
                at = chance.randrange(len(new) + 1)
                new[at : at + chance.randrange(3)] = [b"%d" % chance.randrange(words)] * chance.randrange(3)
            yield old, new


def test_blocks_lead_from_the_old_text_to_the_new_one() -> None:
    for old, new in _texts():
        rebuilt, at = [], 0
        for a, a_end, b, b_end in blocks(old, new):
            rebuilt += [*old[at:a], *new[b:b_end]]
            at = a_end
        assert rebuilt + old[at:] == new
        plain = sum(j2 - j1 for tag, _, _, j1, j2 in difflib.SequenceMatcher(None, old, new, False).get_opcodes()
                    if tag != "equal")  # fmt: skip
        assert sum(b_end - b for *_, b, b_end in blocks(old, new)) <= plain + 6


def test_texts_without_a_line_of_their_own_take_no_time() -> None:
    old, new = b"x\ny\n" * 50_000, b"y\nx\nx\n" * 40_000
    assert changed_lines(old, new)


# Files


def test_what_is_not_committed(tmp_path: Path) -> None:
    commit(tmp_path, {"same.py": LINES, "edited.py": LINES, "staged.py": LINES, "gone.py": LINES, "sub/crlf.py": LINES})
    put(tmp_path, {"edited.py": LINES.replace("line 4", "LINE 4"), "new.py": "a\n", "staged.py": "top\n" + LINES,
                   "sub/crlf.py": LINES.replace("\n", "\r\n")})  # fmt: skip
    git(tmp_path, "add", "staged.py")
    (tmp_path / "gone.py").unlink()
    found = changes(tmp_path)
    assert found.lines == {
        "edited.py": LineSet(((4, 4),)), "staged.py": LineSet(((1, 1),)), "new.py": LineSet(((1, 2),)),
    }  # fmt: skip
    assert (found.new, found.renamed, found.deleted) == (frozenset({"new.py"}), {}, ("gone.py",))
    assert found.touches("edited.py", 4, 4)
    assert not found.touches("same.py", 1, 10)
    assert found.old("edited.py") == found.old("gone.py") == found.old("same.py") == LINES.encode()
    assert found.old("new.py") is found.old("nowhere.py") is None


def test_nothing_changed(tmp_path: Path) -> None:
    commit(tmp_path, {"a.py": LINES})
    assert not changes(tmp_path)


def test_a_branch_is_compared_where_it_parted(tmp_path: Path) -> None:
    parting = commit(tmp_path, {"a.py": LINES, "b.py": LINES})
    git(tmp_path, "checkout", "--quiet", "-b", "topic")
    commit(tmp_path, {"a.py": LINES + "mine\n"})
    git(tmp_path, "checkout", "--quiet", "main")
    commit(tmp_path, {"b.py": LINES + "theirs\n"})
    git(tmp_path, "checkout", "--quiet", "topic")
    found = changes(tmp_path, "main")
    assert found.commit == parting
    assert found.lines == {"a.py": LineSet(((11, 11),))}
    assert changes(tmp_path, "topic~1").lines == found.lines
    assert not changes(tmp_path, "topic")


def test_moved_files_are_followed(tmp_path: Path) -> None:
    commit(tmp_path, {"a.py": LINES, "b.py": LINES.upper(), "c.py": "".join(reversed(LINES))})
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.py").rename(tmp_path / "sub/a.py")
    (tmp_path / "b.py").unlink()
    put(tmp_path, {"other.py": LINES.upper().replace("LINE 2\n", "x\n"), "c2.py": "no\n"})
    (tmp_path / "c.py").unlink()
    found = changes(tmp_path)
    assert found.renamed == {"sub/a.py": "a.py", "other.py": "b.py"}
    assert found.lines == {"other.py": LineSet(((2, 2),)), "c2.py": LineSet(((1, 2),))}
    assert found.deleted == ("c.py",)
    assert found.old("sub/a.py") == LINES.encode()
    assert found.old("other.py") == LINES.upper().encode()


def test_a_project_below_the_top_of_the_repository(tmp_path: Path) -> None:
    commit(tmp_path, {"services/one/a.py": LINES, "services/two/b.py": LINES.upper(), "x.py": LINES + "x"})
    put(tmp_path, {"services/one/a.py": LINES + "new\n", "services/one/b.py": LINES.upper() + "new\n"})
    (tmp_path / "services/two/b.py").unlink()
    (tmp_path / "x.py").unlink()
    found = changes(tmp_path / "services/one")
    assert found.lines == {"a.py": LineSet(((11, 11),)), "b.py": LineSet(((11, 11),))}
    assert found.renamed == {"b.py": "../two/b.py"}
    assert found.deleted == ()


def test_a_link_to_what_git_does_not_know_counts_as_it_was(tmp_path: Path) -> None:
    put(tmp_path, {".gitignore": "hidden\n", "hidden/a.py": LINES})
    (tmp_path / "link.py").symlink_to("hidden/a.py")
    commit(tmp_path)
    assert "link.py" in discover(tmp_path).paths
    assert not changes(tmp_path)


def test_before_the_first_commit_all_is_new(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    put(tmp_path, {"a.py": "a\n"})
    found = changes(tmp_path)
    assert found.new == {"a.py"}
    assert found.commit is None
    assert found.old("a.py") is None


def test_names_of_any_bytes(tmp_path: Path) -> None:
    name = "sp ace\t\u00e4\n\x1b.py"
    commit(tmp_path, {name: LINES})
    put(tmp_path, {name: LINES + "x\n"})
    assert changes(tmp_path).lines == {name: LineSet(((11, 11),))}


def test_a_worktree(tmp_path: Path) -> None:
    commit(tmp_path / "main", {"a.py": LINES})
    git(tmp_path / "main", "worktree", "add", "--quiet", "../other")
    put(tmp_path / "other", {"a.py": LINES + "x\n"})
    assert changes(tmp_path / "other").lines == {"a.py": LineSet(((11, 11),))}


def test_a_submodule_counts_as_it_was(tmp_path: Path) -> None:
    commit(tmp_path / "top/sub", {"a.py": LINES})
    commit(tmp_path / "top", {"b.py": LINES})
    put(tmp_path / "top", {"sub/a.py": "other\n", "sub/new.py": "new\n"})
    assert not changes(tmp_path / "top")


def test_a_repository_with_longer_names(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format", "sha256")
    commit(tmp_path, {"a.py": LINES, "b.py": LINES})
    put(tmp_path, {"b.py": LINES + "x\n"})
    assert changes(tmp_path).lines == {"b.py": LineSet(((11, 11),))}


# What cannot be compared is one clear line


@pytest.mark.parametrize("ref", ["--output=x", "-x", "", "a\0b", "nowhere", "HEAD..HEAD", "main:a.py", ":/x y z"])
def test_what_is_no_commit(tmp_path: Path, ref: str) -> None:
    commit(tmp_path, {"a.py": LINES})
    with pytest.raises(UserError, match=r"no (name of a )?commit"):
        base_of(tmp_path, ref)


def test_a_branch_that_only_the_remote_has(tmp_path: Path) -> None:
    commit(tmp_path / "one", {"a.py": LINES})
    git(tmp_path / "one", "branch", "other")
    git(tmp_path, "clone", "--quiet", "one", "two")
    with pytest.raises(UserError, match='did you mean "origin/other"'):
        base_of(tmp_path / "two", "other")


def test_a_path_in_place_of_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(tmp_path, {"src/a.py": LINES})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="to name a path, put it before --changed"):
        base_of(tmp_path, "src")


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not in a git repository"):
        base_of(tmp_path)


def test_a_repository_that_is_none(tmp_path: Path) -> None:
    commit(tmp_path, {"a.py": LINES})
    (tmp_path / "sub/.git").mkdir(parents=True)
    with pytest.raises(UserError, match=r"git cannot use the repository .*/sub"):
        base_of(tmp_path / "sub")


def test_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(tmp_path, {"a.py": LINES})
    monkeypatch.setenv("PATH", f"{tmp_path}:.:")
    with pytest.raises(UserError, match="git is not installed"):
        base_of(tmp_path)


def test_a_shallow_clone(tmp_path: Path) -> None:
    commit(tmp_path / "one", {"a.py": LINES})
    git(tmp_path / "one", "checkout", "--quiet", "-b", "topic")
    commit(tmp_path / "one", {"a.py": LINES + "x\n"})
    git(tmp_path / "one", "checkout", "--quiet", "main")
    commit(tmp_path / "one", {"b.py": LINES})
    address = f"file://{tmp_path}/one"
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--branch", "topic", address, "two")
    with pytest.raises(UserError, match=r'no commit "origin/main".*shallow.*fetch-depth: 0'):
        base_of(tmp_path / "two", "origin/main")
    git(tmp_path / "two", "fetch", "--quiet", "--depth", "1", "origin", "main")
    with pytest.raises(UserError, match=r"too shallow.*fetch-depth: 0"):
        base_of(tmp_path / "two", "FETCH_HEAD")


def test_a_clone_without_contents(tmp_path: Path) -> None:
    commit(tmp_path / "one", {"a.py": LINES})
    commit(tmp_path / "one", {"a.py": LINES + "x\n"})
    git(tmp_path / "one", "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter", "blob:none", f"file://{tmp_path}/one", "two")
    with pytest.raises(UserError, match=r"does not have the object .*: fetch the whole repository"):
        changes(tmp_path / "two", "HEAD~1")


# Nothing is run


def test_no_program_that_the_repository_names_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever git could be told to start by a configuration, attributes, hooks, a remote or the environment."""
    root, pwned = tmp_path / "project", tmp_path / "pwned"
    commit(
        root,
        {
            "a.py": LINES,
            "b.py": LINES + "earlier\n",
            ".gitattributes": "*.py filter=evil diff=evil merge=evil text=auto\n",
        },
    )
    old = git(root, "rev-parse", "HEAD:b.py")
    commit(root, {"b.py": LINES + "later\n"})
    evil = root / "evil"
    put(root, {"evil": f"#!/bin/sh\necho \"$0 $*\" >> {pwned}\n", "git": f"#!/bin/sh\necho git >> {pwned}\n",
               "a.py": LINES + "x\n"})  # fmt: skip
    hooks = root / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "reference-transaction", "fsmonitor-watchman", "post-checkout", "pre-auto-gc"):
        put(hooks, {hook: evil.read_bytes()})
    for file in (evil, root / "git", *hooks.iterdir()):
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    for key in ("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "core.gitProxy",
                "core.alternateRefsCommand", "diff.external", "diff.evil.command", "diff.evil.textconv", "gpg.program",
                "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "merge.evil.driver", "pager.ls-tree",
                "pager.cat-file", "pager.rev-parse", "pager.merge-base", "credential.helper", "interactive.diffFilter",
                "remote.origin.uploadpack", "sequence.editor", "trace2.normalTarget", "uploadpack.packObjectsHook",
                "alias.ls-tree", "alias.cat-file", "alias.rev-parse", "alias.merge-base"):  # fmt: skip
        git(root, "config", key, f"!{evil}" if key.startswith(("alias", "credential")) else str(evil))
    for key, value in (("remote.origin.url", f"ext::{evil} %S"), ("remote.origin.promisor", "true"),
                       ("remote.origin.partialclonefilter", "blob:none"), ("core.hooksPath", str(hooks)),
                       ("protocol.ext.allow", "always"), ("protocol.allow", "always"),
                       ("core.repositoryformatversion", "1"), ("extensions.partialClone", "origin")):  # fmt: skip
        git(root, "config", key, value)
    pwned.unlink(missing_ok=True)  # this test's own git asked for it
    monkeypatch.setenv("PATH", f"{root}{os.pathsep}.{os.pathsep}{os.environ['PATH']}")
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "PAGER", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EDITOR"):
        monkeypatch.setenv(name, str(evil))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_TRACE", str(pwned))
    monkeypatch.chdir(root)
    assert changes(root).lines == {"a.py": LineSet(((11, 11),)), "evil": LineSet(((1, 3),)), "git": LineSet(((1, 3),))}
    assert changes(root, "HEAD~1").lines["b.py"] == LineSet(((11, 11),))
    # What is missing is not fetched either.
    (root / ".git/objects" / old[:2] / old[2:]).unlink()
    with pytest.raises(UserError, match="does not have the object"):
        changes(root, "HEAD~1")
    assert not pwned.exists(), pwned.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in the file system")
def test_a_git_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(tmp_path, {"a.py": LINES})
    (tmp_path / ".git/config").unlink()
    os.mkfifo(tmp_path / ".git/config")
    monkeypatch.setattr("celery_lint.changes.git._PATIENCE", 0.2)
    with pytest.raises(UserError, match="git gave no answer"):
        base_of(tmp_path)
