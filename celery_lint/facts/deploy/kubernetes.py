"""Kubernetes manifests: the containers of every kind of workload, wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from celery_lint.facts.deploy import split, yaml_tree
from celery_lint.facts.deploy.command import Service, folder
from celery_lint.facts.deploy.program import from_words
from celery_lint.facts.deploy.text import DeployFile, Spanned
from celery_lint.facts.model import Command

_VARIABLE = re.compile(r"\$\$|\$\((\w+)\)", re.ASCII)
_CONTAINERS = ("initContainers", "containers")


def is_manifest(document: yaml.Node) -> bool:
    """Whether DOCUMENT is a Kubernetes object."""
    entries = yaml_tree.mapping(document)
    return "kind" in entries and "apiVersion" in entries


def commands(file: DeployFile, document: yaml.Node) -> Iterator[Command]:
    """What the containers of the object DOCUMENT run; the objects of a list or template one by one."""
    entries = yaml_tree.mapping(document)
    inner = yaml_tree.items(entries.get("items")) + yaml_tree.items(entries.get("objects"))
    for item in inner:
        yield from _of_object(file, item)
    if not inner:
        yield from _of_object(file, document)


def _of_object(file: DeployFile, document: yaml.Node) -> Iterator[Command]:
    entries = yaml_tree.mapping(document)
    name = yaml_tree.text(yaml_tree.mapping(entries.get("metadata")).get("name"))
    replicas = yaml_tree.mapping(entries.get("spec")).get("replicas")
    for node in yaml_tree.walk(document):
        found = yaml_tree.mapping(node)
        for key in _CONTAINERS:
            for container in yaml_tree.items(found.get(key)):
                yield from _of_container(file, yaml_tree.mapping(container), name, replicas)


def _of_container(
    file: DeployFile, entries: dict[str, yaml.Node], workload: str | None, replicas: yaml.Node | None
) -> Iterator[Command]:
    variables = environment(file, entries.get("env"))
    parts = [*_words(file, entries.get("command")), *_words(file, entries.get("args"))]
    words = [_expanded(file, word, variables) for word in parts]
    service = Service(
        file,
        "kubernetes",
        workload or yaml_tree.text(entries.get("name")),
        environment=variables,
        replicas=yaml_tree.number(replicas),
        replicas_place=count.place if (count := yaml_tree.spanned(file, replicas)) else None,
        workdir=yaml_tree.text(entries.get("workingDir")),
        alternative=folder(file.path),
    )
    yield from service.commands(from_words(file, words, execs=True))


def _words(file: DeployFile, node: yaml.Node | None) -> list[Spanned]:
    found = [yaml_tree.spanned(file, item) for item in yaml_tree.items(node)]
    return [word for word in found if word is not None]


def _expanded(file: DeployFile, word: Spanned, variables: dict[str, str | None]) -> Spanned:
    def value(match: re.Match[str]) -> str | None:
        return "$" if match.group() == "$$" else variables.get(match[1])

    return split.filled(file, word, _VARIABLE, value)


def environment(file: DeployFile, node: yaml.Node | None) -> dict[str, str | None]:
    """`env:` as a list of names and values; a value taken from elsewhere is None."""
    found = dict[str, str | None]()
    for item in yaml_tree.items(node):
        entries = yaml_tree.mapping(item)
        name = yaml_tree.text(entries.get("name"))
        if name is None:
            continue
        value = yaml_tree.text(entries.get("value"))
        found[name] = None if value is None or "$(" in value else value
    return found
