"""Application platforms whose manifests name a command: Cloud Foundry, Render, DigitalOcean, Heroku, Fly, Railway."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from celery_lint.facts.deploy import yaml_tree
from celery_lint.facts.deploy.command import Service
from celery_lint.facts.deploy.lines import physical_lines
from celery_lint.facts.deploy.program import from_shell
from celery_lint.facts.deploy.text import DeployFile
from celery_lint.facts.model import Command

_COMMANDS = ("command", "run_command", "startCommand", "dockerCommand")
_COUNTS = ("instances", "instance_count", "numInstances")
_LISTS = ("applications", "processes", "sidecars", "services", "workers", "jobs")
_TOML_ENTRY = re.compile(r"\s*\"?([\w.-]+)\"?\s*=\s*(\"(?:[^\"\\]|\\.)*\"|'[^']*')\s*(#.*)?$")
_DEEPEST = 4


def is_manifest(document: yaml.Node) -> bool:
    """Whether DOCUMENT lists applications, services or workers with commands, or is a `heroku.yml`."""
    entries = yaml_tree.mapping(document)
    entries = yaml_tree.mapping(entries.get("spec")) or entries
    listed = any(isinstance(entries.get(key), yaml.SequenceNode) for key in _LISTS)
    return listed or bool(yaml_tree.mapping(entries.get("run")))


def commands(file: DeployFile, document: yaml.Node) -> Iterator[Command]:
    """What the applications of a platform manifest run."""
    entries = yaml_tree.mapping(document)
    entries = yaml_tree.mapping(entries.get("spec")) or entries
    yield from _listed(file, entries, None, _DEEPEST)
    for name, node in yaml_tree.mapping(entries.get("run")).items():
        yield from _run(file, name, node)


def _listed(file: DeployFile, entries: dict[str, yaml.Node], name: str | None, depth: int) -> Iterator[Command]:
    for key in _LISTS if depth else ():
        for item in yaml_tree.items(entries.get(key)):
            inner = yaml_tree.mapping(item)
            own = yaml_tree.text(inner.get("name")) or yaml_tree.text(inner.get("type")) or name
            yield from _application(file, inner, own)
            yield from _listed(file, inner, own, depth - 1)


def _application(file: DeployFile, entries: dict[str, yaml.Node], name: str | None) -> Iterator[Command]:
    count = next((entries[key] for key in _COUNTS if yaml_tree.number(entries.get(key)) is not None), None)
    place = yaml_tree.spanned(file, count)
    variables = {key: yaml_tree.text(node) for key, node in yaml_tree.mapping(entries.get("env")).items()}
    for key in ("envs", "envVars"):
        variables |= _pairs(entries.get(key))
    service = Service(
        file,
        "platform",
        name,
        variables,
        replicas=yaml_tree.number(count),
        replicas_place=None if place is None else place.place,
    )
    for key in _COMMANDS:
        text = yaml_tree.spanned(file, entries.get(key))
        if text is not None:
            yield from service.commands(from_shell(file, text))


def _pairs(node: yaml.Node | None) -> dict[str, str | None]:
    found = dict[str, str | None]()
    for item in yaml_tree.items(node):
        entries = yaml_tree.mapping(item)
        if name := yaml_tree.text(entries.get("key")):
            found[name] = yaml_tree.text(entries.get("value"))
    return found


def _run(file: DeployFile, name: str, node: yaml.Node) -> Iterator[Command]:
    command = yaml_tree.mapping(node).get("command")
    for candidate in (node, command, *yaml_tree.items(command)):
        text = yaml_tree.spanned(file, candidate)
        if text is not None:
            yield from Service(file, "platform", name).commands(from_shell(file, text))


def toml_commands(file: DeployFile) -> Iterator[Command]:
    """What `[processes]` of a fly.toml, or `startCommand` of a railway.toml, runs."""
    section = ""
    for line in physical_lines(file):
        if line.value.lstrip().startswith("["):
            section = line.value.strip().strip("[]").strip()
        match = _TOML_ENTRY.match(line.value)
        if match is None or not (section == "processes" or match[1] in _COMMANDS):
            continue
        text = line[match.start(2) + 1 : match.end(2) - 1]
        yield from Service(file, "platform", match[1]).commands(from_shell(file, text))
