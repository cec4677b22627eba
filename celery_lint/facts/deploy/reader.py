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
from celery_lint.facts.deploy.text import DeployFile
from celery_lint.facts.model import Command, Copy, DeployFacts, ReadError

LARGEST = 1_000_000

_TEMPLATE_SUFFIX = re.compile(r"\.(j2|jinja2?|tmpl|tpl|template|erb)$")
_COMPOSE_NAME = re.compile(r"(docker-)?compose([._-].*)?\.ya?ml$")
_DOCKERFILE_NAME = re.compile(r"(dockerfile|containerfile).*|.*\.(dockerfile|containerfile)$", re.IGNORECASE)
_MAKEFILE_NAME = re.compile(r"(gnu)?makefile(\..+)?$|.*\.mk$", re.IGNORECASE)
_PROCFILE_NAME = re.compile(r"procfile([._-].*)?$", re.IGNORECASE)
_NO_DEPLOYMENT = frozenset([".github", ".gitlab", ".circleci", ".git", "node_modules", ".venv", "site-packages"])
_OTHER_YAML = re.compile(
    r"(\.gitlab-ci|\.travis|\.pre-commit-config|mkdocs|pnpm-lock|azure-pipelines|bitbucket-pipelines|codecov|"
    r"\.codecov|\.readthedocs|openapi|swagger|dependabot|appveyor|\.drone|cloudbuild|buildspec)[\w.-]*\.ya?ml$"
)
_NO_SCRIPTS = frozenset([
    "authors", "changelog", "changes", "codeowners", "contributing", "copying", "license", "licence", "manifest",
    "news", "notice", "pipfile", "readme", "todo", "version", "gemfile", "brewfile", "vagrantfile", "jenkinsfile",
])  # fmt: skip
_YAML_KEYS = re.compile(
    rb"^[ \t]*[\"']?(services|applications|workers|apiVersion|run|command|args|run_command|startCommand)[\"']?\s*:",
    re.MULTILINE,
)
_MENTIONS = re.compile(rb"celery|\.sh\b|\.py\b|\s-m\s", re.IGNORECASE)

Reader = Callable[[DeployFile], DeployFacts]


def reads(path: str) -> bool:
    """Whether the file at PATH (relative to the project, with `/`) is a deployment file, judged by its name."""
    return not path.endswith(".py") and _reader(path) is not None


def read(path: str, data: bytes) -> DeployFacts:
    """What the deployment file PATH with the bytes DATA runs. Never raises; see `DeployFacts.error`."""
    reader = _reader(path)
    if reader is None:
        return DeployFacts(path)
    if len(data) > LARGEST:
        message = f"too large to read: {len(data) // 1_000_000} MB or more where a deployment file has some KB"
        return DeployFacts(path, error=ReadError(message) if _is_ours(path) else None)
    return reader(DeployFile(path, data))


def _reader(path: str) -> Reader | None:
    folder, name = posixpath.split(path)
    if _NO_DEPLOYMENT & set(folder.split("/")):
        return None
    name = _TEMPLATE_SUFFIX.sub("", name)
    lower = name.lower()
    if _DOCKERFILE_NAME.match(name) and not lower.endswith((".dockerignore", ".md", ".py")):
        return _read_dockerfile
    if _PROCFILE_NAME.match(name):
        return _read_procfile
    if _MAKEFILE_NAME.match(name):
        return _plain(makefile.commands)
    if lower.endswith((".yml", ".yaml")):
        return None if _OTHER_YAML.match(lower) else _read_yaml
    if lower.endswith((".sh", ".bash")):
        return _plain(script.commands)
    if lower.endswith((".service", ".service.in")):
        return _plain(systemd.commands)
    if lower.endswith((".conf", ".ini")):
        return _read_supervisor
    if lower in ("fly.toml", "railway.toml"):
        return _read_toml
    return _read_script if "." not in name and lower not in _NO_SCRIPTS else None


def _is_ours(path: str) -> bool:
    """Whether the name alone says that this is a deployment file."""
    name = posixpath.basename(path)
    patterns = (_COMPOSE_NAME, _DOCKERFILE_NAME, _PROCFILE_NAME)
    return any(pattern.match(name) for pattern in patterns)


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
    is_compose = _COMPOSE_NAME.match(_TEMPLATE_SUFFIX.sub("", posixpath.basename(file.path))) is not None
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
