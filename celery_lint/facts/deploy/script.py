"""Shell scripts: entry points, s6 and runit `run` files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.deploy.command import Service
from celery_lint.facts.deploy.program import from_shell
from celery_lint.facts.deploy.text import DeployFile
from celery_lint.facts.model import Command

_SHEBANG = re.compile(rb"#!.*\b(sh|bash|dash|ash|zsh|ksh)\b")


def is_script(data: bytes) -> bool:
    """Whether DATA starts with the `#!` line of a shell (also s6's `#!/command/with-contenv bash`)."""
    return _SHEBANG.match(data[:200]) is not None


def commands(file: DeployFile) -> Iterator[Command]:
    """What a shell script runs."""
    yield from Service(file, "shell").commands(from_shell(file, file.all()))
