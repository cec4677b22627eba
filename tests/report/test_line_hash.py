"""GitHub's fingerprint of a line, compared with what `upload-sarif` computes."""

from __future__ import annotations

import pytest

from celery_lint.report.line_hash import line_hash, windows

ENDED = [
    "e9496ae3ebfced30:1", "fb7c023a8b9ccb3f:1", "ce8ba1a563dcdaca:1", "e20e36e16fcb0cc8:1", "b3edc88f2938467e:1",
    "c8e28b0b4002a3a0:1", "c129715d7a2bc9a3:1",
]  # fmt: skip
# What the tests of github/codeql-action (src/fingerprints.test.ts, MIT) expect of the same texts.
EXPECTED = {
    "": ["c129715d7a2bc9a3:1"],
    " a\nb\n  \t\tc\n d": ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
    " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n": ENDED,
    " hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r": ENDED,
    " hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n": ENDED,
    " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n": ENDED,
    "Lorem ipsum dolor sit amet.\n" * 10: [
        *(f"a7f2ff13bc495cf2:{number}" for number in range(1, 7)),
        "a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1", "55ec222b86bcae53:1", "cc97dc7b1d7d8f7b:1", "c129715d7a2bc9a3:1",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("text", "hashes"), EXPECTED.items())
def test_each_line(text: str, hashes: list[str]) -> None:
    lines = windows(text.encode())
    assert [line_hash(lines, number) for number in range(1, len(lines) + 1)] == hashes
