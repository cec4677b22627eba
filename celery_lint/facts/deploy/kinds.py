"""Which files are deployment files, and of what kind, by their names."""

from __future__ import annotations

import posixpath
import re
from typing import Literal

Kind = Literal["dockerfile", "procfile", "makefile", "yaml", "shell", "systemd", "ini", "toml", "script"]

TEMPLATE_SUFFIX = re.compile(r"\.(j2|jinja2?|tmpl|tpl|template|erb)$")
COMPOSE_NAME = re.compile(r"(docker-)?compose([._-].*)?\.ya?ml$")
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


def reads(path: str) -> bool:
    """Whether the file at PATH (relative to the project, with `/`) is a deployment file, judged by its name."""
    return not path.endswith(".py") and kind_of(path) is not None


def kind_of(path: str) -> Kind | None:
    """What the deployment file PATH is; None for any other."""
    folder, name = posixpath.split(path)
    if _NO_DEPLOYMENT & set(folder.split("/")):
        return None
    name = TEMPLATE_SUFFIX.sub("", name)
    lower = name.lower()
    if _DOCKERFILE_NAME.match(name) and not lower.endswith((".dockerignore", ".md", ".py")):
        return "dockerfile"
    if _PROCFILE_NAME.match(name):
        return "procfile"
    if _MAKEFILE_NAME.match(name):
        return "makefile"
    if lower.endswith((".yml", ".yaml")):
        return None if _OTHER_YAML.match(lower) else "yaml"
    if lower.endswith((".sh", ".bash")):
        return "shell"
    if lower.endswith((".service", ".service.in")):
        return "systemd"
    if lower.endswith((".conf", ".ini")):
        return "ini"
    if lower in ("fly.toml", "railway.toml"):
        return "toml"
    return "script" if "." not in name and lower not in _NO_SCRIPTS else None


def is_ours(path: str) -> bool:
    """Whether the name alone says that this is a deployment file, whatever is in it."""
    name = posixpath.basename(path)
    patterns = (COMPOSE_NAME, _DOCKERFILE_NAME, _PROCFILE_NAME)
    return any(pattern.match(name) for pattern in patterns)
