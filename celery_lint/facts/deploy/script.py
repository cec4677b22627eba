"""Shell scripts: entry points, s6 and runit `run` files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from celery_lint.facts.deploy.command import Service, folder
from celery_lint.facts.deploy.program import from_shell
from celery_lint.facts.deploy.text import DeployFile
from celery_lint.facts.model import Command

_SHEBANG = re.compile(rb"#!.*\b(sh|bash|dash|ash|zsh|ksh)\b")


def is_script(data: bytes) -> bool:
    """Whether DATA starts with the `#!` line of a shell (also s6's `#!/command/with-contenv bash`)."""
    return _SHEBANG.match(data[:200]) is not None


def commands(file: DeployFile) -> Iterator[Command]:
    """What a shell script runs. A `run` file of s6 or runit is a service named as its folder."""
    above, name = posixpath.split(file.path)
    is_service = name == "run" and above != ""
    service = Service(
        file,
        "shell",
        posixpath.basename(above) if is_service else None,
        alternative=folder(above) if is_service else None,
    )
    yield from service.commands(from_shell(file, file.all()))
