"""Deployment files that are broken, huge or made to hurt: read in bounded time, never an exception."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celery_lint.celery_versions import table
from celery_lint.facts.deploy import read
from celery_lint.facts.deploy.celery_command import invocations
from celery_lint.facts.deploy.merge import merge_alternatives

PATHS = (
    "docker-compose.yml", "k8s/a.yaml", "charts/x/values.yaml", "Dockerfile", "Procfile", "Makefile", "a.sh", "run",
    "a.service", "a.conf", "fly.toml", "manifest.yml", "docker-compose.yml.j2",
)  # fmt: skip

BOMB = "a: &a [x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
)
LADDER = "x0: &x0 {command: celery -A app worker}\n" + "".join(
    f"x{n}: &x{n} {{<<: [*x{n - 1}, *x{n - 1}, *x{n - 1}]}}\n" for n in range(1, 60)
)
MAKE_LADDER = "A0 = xx\n" + "".join(f"A{n} = $(A{n - 1})$(A{n - 1})\n" for n in range(1, 60)) + "w:\n\tcelery $(A59)\n"
DOUBLING = "A=ab\n" + "A=$A$A\n" * 80 + "celery -A $A worker\n"
DEFAULTS = "celery -A app worker " + "${A:-" * 500 + "x" + "}" * 500

HOSTILE = {
    "alias bomb": BOMB + "services: {w: {command: *t}}\n",
    "alias in a circle": "services: &s\n  w:\n    <<: *s\n    command: &c [*c, celery]\n    environment: *s\n",
    "merge ladder": LADDER + "services: {w: *x59}\n",
    "deep flow": "services: " + "[" * 20_000,
    "deep block": "services: " + "- " * 10_000,
    "deep mapping": "services: " + "{a: " * 10_000,
    "deep keys": "services:\n" + "".join(" " * n + "a:\n" for n in range(1, 2_000)),
    "long line": "services: {w: {command: celery -A app worker " + "x" * 300_000 + "}}",
    "many words": "services:\n w:\n  command: celery worker" + " -E" * 20_000,
    "doubling variable": DOUBLING,
    "nested defaults": DEFAULTS,
    "nested substitutions": "celery " + "$(" * 10_000,
    "nested braces": "celery " + "${" * 10_000,
    "nested quotes": "celery " + "\"'" * 10_000,
    "nested groups": "{ " * 10_000 + "celery worker",
    "nested shells": "sh -c '" * 500 + "celery -A app worker",
    "nested ifs": "if true; then " * 2_000 + "celery -A app worker",
    "many ifs": "if $x; then a=1; else a=2; fi\n" * 2_000 + "celery -A app worker $a",
    "calls in circles": "f() { g; g; g; }\ng() { f; f; f; }\nf\ncelery -A app worker",
    "wide loops": "for a in 1 2 3 4 5 6 7 8 9; do " * 12 + "celery worker" + "; done" * 12,
    "unclosed document": "cat <<EOF\ncelery -A app worker\n" + "x\n" * 10_000,
    "make in circles": "A = $(B)$(B)\nB = $(A)$(A)\nw:\n\tcelery -A $(A) worker\n",
    "make ladder": MAKE_LADDER,
    "continued for ever": "CMD celery " + "\\\n" * 20_000,
    "nested json": "FROM a\nCMD " + "[" * 10_000,
    "templates": "command: [" + "{{" * 10_000,
    "nul and control": "services:\n  w:\n    command: \x00\x01\x1b celery",
    "surrogates": "services: {w: {command: \"celery \\ud800\"}}",
    "private use": "celery -A \ue000\ue001 worker",
}  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_read_in_bounded_time(name: str, path: str) -> None:
    started = time.process_time()
    found = read(path, HOSTILE[name].encode("utf-8", errors="surrogatepass"))
    merge_alternatives([found])
    assert time.process_time() - started < 5
    assert found.error is None or "\n" not in found.error.message


@pytest.mark.parametrize("data", [b"\xff\xfe\x00c", b"\xef\xbb\xbfworker: celery -A app worker", b"\x00" * 1000, b""])
@pytest.mark.parametrize("path", PATHS)
def test_bytes_that_are_no_text(path: str, data: bytes) -> None:
    read(path, data)


def test_a_byte_order_mark_does_not_shift_places() -> None:
    data = b"\xef\xbb\xbfworker: celery -A app worker"
    (command,) = read("Procfile", data).commands
    assert data[command.words[0].span.start : command.words[0].span.end] == b"celery"


def test_bytes_that_are_not_utf8_do_not_shift_places() -> None:
    data = b"# \xe9\xe9\nworker: celery -A \xe9pp worker"
    (command,) = read("Procfile", data).commands
    assert data[command.words[3].span.start : command.words[3].span.end] == b"worker"
    assert command.words[2].text is not None
    command.words[2].text.encode()


@pytest.mark.parametrize(
    ("path", "is_error"), [("docker-compose.yml", True), ("Dockerfile", True), ("some.yml", False)]
)
def test_a_file_that_is_too_large_says_so(path: str, is_error: bool) -> None:
    found = read(path, b"services: x" + b"x" * 10_000_000)
    assert found.commands == ()
    assert (found.error is not None) is is_error


def test_unreadable_compose_files_say_so() -> None:
    for name in ("deep flow", "deep block", "nul and control"):
        assert read("docker-compose.yml", HOSTILE[name].encode()).error is not None


PIECES = st.sampled_from([
    "celery", " ", "\n", "\t", "-A app", "worker", "-Q", "$X", "${X:-a b}", "${X", "\"", "'", "`", "$(", ")", "(", "{",
    "}", "if", "then", "fi", "case", "in", "esac", ";;", "for", "do", "done", "<<EOF", "EOF", "|", "&&", ";", "\\", "#",
    "=", "services:", "command:", "  ", "- ", "[", "]", "&a", "*a", "<<:", "{{", "}}", "|", ">", ":", "FROM a", "CMD",
    "ENV", "%(a)s", "[program:x]", "command=", "ExecStart=", "apiVersion: v1", "kind: X", "containers:", "$", "@", "é",
    "\ue000", "multi start 2",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PATHS), st.lists(PIECES, max_size=40).map("".join))
def test_nothing_makes_the_readers_fail(path: str, text: str) -> None:
    data = text.encode()
    found = read(path, data)
    for command in merge_alternatives([found]):
        invocations(command, table())
        for word in command.words:
            assert 0 <= word.span.start <= word.span.end <= len(data)
