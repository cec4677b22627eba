"""Read one deployment file: which reader it needs, and what is said about one that cannot be read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

import yaml

from celery_lint.facts.deploy import (
    compose,
    dockerfile,
    helm,
    kubernetes,
    makefile,
    platform,
    procfile,
    script,
    supervisor,
    systemd,
    yaml_tree,
)
from celery_lint.facts.deploy.kinds import COMPOSE_NAME, TEMPLATE_SUFFIX, Kind, is_ours, kind_of
from celery_lint.facts.deploy.text import DeployFile
from celery_lint.facts.model import Command, Copy, DeployFacts, ReadError

LARGEST = 1_000_000

_YAML_KEYS = re.compile(
    rb"^[ \t]*[\"']?(services|applications|workers|apiVersion|run|command|args|run_command|startCommand)[\"']?\s*:",
    re.MULTILINE,
)
_MENTIONS = re.compile(rb"celery|\.sh\b|\.py\b|\s-m\s", re.IGNORECASE)

Reader = Callable[[DeployFile], DeployFacts]


def read(path: str, data: bytes) -> DeployFacts:
    """What the deployment file PATH with the bytes DATA runs. Never raises; see `DeployFacts.error`."""
    kind = kind_of(path)
    if kind is None:
        return DeployFacts(path)
    if len(data) > LARGEST:
        message = f"too large to read: {len(data) // 1_000_000} MB or more where a deployment file has some KB"
        return DeployFacts(path, error=ReadError(message) if is_ours(path) else None)
    return _READERS[kind](DeployFile(path, data))


def _plain(commands: Callable[[DeployFile], Iterator[Command]]) -> Reader:
    """The reader of files whose COMMANDS are only worth looking for when they mention Celery or a script."""

    def read_plain(file: DeployFile) -> DeployFacts:
        found = commands(file) if _MENTIONS.search(file.data) else ()
        return DeployFacts(file.path, tuple(found))

    return read_plain


def _read_procfile(file: DeployFile) -> DeployFacts:
    return DeployFacts(file.path, tuple(procfile.commands(file)))


def _read_dockerfile(file: DeployFile) -> DeployFacts:
    return DeployFacts(file.path, tuple(dockerfile.commands(file)), tuple(dockerfile.copies(file)))


def _read_supervisor(file: DeployFile) -> DeployFacts:
    if supervisor.IS_SUPERVISOR.search(file.data) is None:
        return DeployFacts(file.path)
    return DeployFacts(file.path, tuple(supervisor.commands(file)))


def _read_toml(file: DeployFile) -> DeployFacts:
    return DeployFacts(file.path, tuple(platform.toml_commands(file)))


def _read_script(file: DeployFile) -> DeployFacts:
    """A file without an extension: a shell script by its first line, or now and then a compose file."""
    if script.is_script(file.data):
        return _plain(script.commands)(file)
    if re.match(rb"(version|services)\s*:", file.data):
        return _read_yaml(file)
    return DeployFacts(file.path)


def _read_yaml(file: DeployFile) -> DeployFacts:
    if _YAML_KEYS.search(file.data) is None:
        return DeployFacts(file.path)
    is_template = helm.IS_TEMPLATE.search(file.data) is not None
    is_compose = COMPOSE_NAME.match(TEMPLATE_SUFFIX.sub("", posixpath.basename(file.path))) is not None
    try:
        documents = yaml_tree.documents(file.source)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if is_template:
            return DeployFacts(file.path, tuple(helm.commands(file)))
        return DeployFacts(file.path, error=_yaml_error(file, error) if is_compose else None)
    commands, copies = list[Command](), list[Copy]()
    for document in documents:
        commands.extend(_of_document(file, document, is_template))
        copies.extend(compose.copies(file, document))
    return DeployFacts(file.path, tuple(commands), tuple(copies))


def _of_document(file: DeployFile, document: yaml.Node, is_template: bool) -> Iterator[Command]:
    """What one YAML document runs, by what it looks like; nothing for YAML that is no deployment."""
    if compose.is_compose(document):
        return compose.commands(file, document)
    if kubernetes.is_manifest(document):
        return helm.commands(file) if is_template else kubernetes.commands(file, document)
    if platform.is_manifest(document):
        return platform.commands(file, document)
    if posixpath.basename(file.path).startswith("values"):
        return helm.values_commands(file, document)
    return iter(())


def _yaml_error(file: DeployFile, error: Exception) -> ReadError:
    """One line that says what is wrong where."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return ReadError(f"not valid YAML: {' '.join(str(error).split())}")
    mark = error.problem_mark
    place = (mark.index, mark.index) if mark is not None else (0, 0)
    line = f" (line {mark.line + 1})" if mark is not None else ""
    return ReadError(f"not valid YAML: {error.problem or error.context}{line}", file.span(place))


_READERS: dict[Kind, Reader] = {
    "dockerfile": _read_dockerfile,
    "procfile": _read_procfile,
    "makefile": _plain(makefile.commands),
    "yaml": _read_yaml,
    "shell": _plain(script.commands),
    "systemd": _plain(systemd.commands),
    "ini": _read_supervisor,
    "toml": _read_toml,
    "script": _read_script,
}
