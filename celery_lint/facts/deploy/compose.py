"""Docker compose files (and swarm stacks): what each service runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import yaml
from msgspec import Struct

from celery_lint.facts.deploy import split, yaml_tree
from celery_lint.facts.deploy.command import Service
from celery_lint.facts.deploy.program import Found, from_shell, from_words
from celery_lint.facts.deploy.text import DeployFile, Spanned
from celery_lint.facts.model import Command, Copy

_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?:(:?[-+?])((?:[^{}]|\{[^{}]*\})*))?\}|\$([A-Za-z_]\w*)", re.ASCII)
_DEEPEST_EXTENDS = 10

Entries = dict[str, yaml.Node]


def commands(file: DeployFile, document: yaml.Node) -> Iterator[Command]:
    """What the services of the compose file DOCUMENT run.

    A service that runs what its image says is a command without words whose SCRIPT is the Dockerfile (STAGE: the
    build target), or the other compose file it `extends` (STAGE: the service there).
    """
    nodes = yaml_tree.mapping(_services(document))
    services = {name: yaml_tree.mapping(node) for name, node in nodes.items()}
    for name, entries in services.items():
        place = _name_place(file, name, nodes[name].start_mark.index)
        yield from _Service(file, name, _extended(entries, services, _DEEPEST_EXTENDS), place).commands()


def copies(file: DeployFile, document: yaml.Node) -> Iterator[Copy]:
    """Files of the project that services mount: `./start.sh:/start.sh`."""
    for service in yaml_tree.mapping(_services(document)).values():
        for volume in yaml_tree.items(yaml_tree.mapping(service).get("volumes")):
            entries = yaml_tree.mapping(volume)
            source, target = yaml_tree.text(entries.get("source")), yaml_tree.text(entries.get("target"))
            if not entries:
                source, _, target = (yaml_tree.text(volume) or "").partition(":")
                target = target.partition(":")[0]
            if source and target and source.startswith(".") and "$" not in source + target:
                yield Copy(relative(file.path, source), target)


def is_compose(document: yaml.Node) -> bool:
    """Whether DOCUMENT looks like a compose file: `services:` that are mappings of mappings."""
    entries = yaml_tree.mapping(document)
    services = yaml_tree.mapping(entries.get("services"))
    if not services or "apiVersion" in entries or "jobs" in entries:
        return False
    return all(isinstance(node, yaml.MappingNode) for node in services.values())


def relative(path: str, other: str) -> str:
    """The path OTHER as written in the file PATH, from the project's root."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), other))


def _services(document: yaml.Node) -> yaml.Node | None:
    return yaml_tree.mapping(document).get("services")


def _extended(entries: Entries, services: dict[str, Entries], depth: int) -> Entries:
    """ENTRIES over those of the service it `extends` in the same file."""
    extends = entries.get("extends")
    if extends is None or depth == 0:
        return entries
    options = yaml_tree.mapping(extends)
    name = yaml_tree.text(options.get("service")) or yaml_tree.text(extends)
    if "file" in options or name not in services:
        return entries
    return _extended(services[name], services, depth - 1) | entries


def _name_place(file: DeployFile, name: str, before: int) -> tuple[int, int]:
    start = file.source.rfind(name, 0, before)
    return (start, start + len(name)) if start >= 0 else (before, before)


class _Service(Struct, frozen=True):
    file: DeployFile
    name: str
    entries: Entries
    place: tuple[int, int]

    def commands(self) -> Iterator[Command]:
        entrypoint, command = self.words("entrypoint"), self.words("command")
        own = (*entrypoint, *command)
        path, stage = self.image()
        replicas, replicas_place = self.replicas()
        service = Service(
            self.file,
            "compose",
            self.name,
            environment=environment(self.file, self.entries.get("environment")),
            replicas=replicas,
            workdir=yaml_tree.text(self.entries.get("working_dir")),
            overrides=path if own else None,
            stage=stage,
            entrypoint=tuple(self.file.word(word) for word in entrypoint),
            alternative=self.profile(),
            replicas_place=replicas_place,
            ports=tuple(self.ports()),
            env_files=tuple(self.env_files()),
        )
        if not own:
            yield service.bare((), self.file.span(self.place), Found((), script=path))
            return
        found = list(from_words(self.file, own, execs=True))
        if not found and path is None and len(own) == 1 and " " in own[0].value:
            # No program has such a name: the image, which is not built here, has a shell for its ENTRYPOINT.
            found = list(from_shell(self.file, own[0]))
        # What is not Celery by itself may be once the ENTRYPOINT of the image stands before it.
        yield from service.commands(found or [Found(own, execs=True)])

    def words(self, key: str) -> tuple[Spanned, ...]:
        """The words of `command:` or `entrypoint:`."""
        node = self.entries.get(key)
        if node is None:
            return ()
        text = yaml_tree.spanned(self.file, node)
        if text is not None:
            return tuple(split.words(self.interpolated(text)))
        found = [yaml_tree.spanned(self.file, item) for item in yaml_tree.items(node)]
        return tuple(self.interpolated(item) for item in found if item is not None)

    def interpolated(self, text: Spanned) -> Spanned:
        return split.filled(self.file, text, _VARIABLE, _interpolation)

    def image(self) -> tuple[str | None, str | None]:
        """The Dockerfile that the service builds and its stage, or the other file it extends and the service there."""
        extends = yaml_tree.mapping(self.entries.get("extends"))
        if other := yaml_tree.text(extends.get("file")):
            return relative(self.file.path, other), yaml_tree.text(extends.get("service"))
        build = self.entries.get("build")
        if build is None:
            return None, None
        options = yaml_tree.mapping(build)
        context = yaml_tree.text(build) or yaml_tree.text(options.get("context")) or "."
        dockerfile = yaml_tree.text(options.get("dockerfile")) or "Dockerfile"
        stage = yaml_tree.text(options.get("target"))
        if "://" in context or "$" in context + dockerfile:
            return None, stage
        return relative(self.file.path, f"{context}/{dockerfile}"), stage

    def profile(self) -> str | None:
        """A group of its own for a service that only runs under a profile."""
        profiles = [yaml_tree.text(item) or "" for item in yaml_tree.items(self.entries.get("profiles"))]
        return "/".join((self.file.path, *profiles)) if profiles else None

    def ports(self) -> Iterator[str]:
        """The ports that the service publishes."""
        if yaml_tree.text(self.entries.get("network_mode")) == "host":
            yield "host"
        for item in yaml_tree.items(self.entries.get("ports")):
            entries = yaml_tree.mapping(item)
            parts = [yaml_tree.text(entries.get(key)) for key in ("host_ip", "published", "target")]
            written = ":".join(part for part in parts if part) if entries else yaml_tree.text(item)
            if written:
                yield written

    def env_files(self) -> Iterator[str]:
        """The files of `env_file:`, from the project's root."""
        node = self.entries.get("env_file")
        for item in [node, *yaml_tree.items(node)]:
            path = yaml_tree.text(item) or yaml_tree.text(yaml_tree.mapping(item).get("path"))
            if path:
                yield relative(self.file.path, path)

    def replicas(self) -> tuple[int | None, tuple[int, int] | None]:
        """How many there are, and where that is written."""
        deploy = yaml_tree.mapping(self.entries.get("deploy"))
        for node in (deploy.get("replicas"), self.entries.get("scale")):
            text = yaml_tree.spanned(self.file, node)
            known = None if text is None else self.file.known(self.interpolated(text).value)
            if text is not None and known is not None and known.isdecimal() and known.isascii() and len(known) < 10:
                return int(known), text.place
        return None, None


def environment(file: DeployFile, node: yaml.Node | None) -> dict[str, str | None]:
    """`environment:` as a mapping or a list of `NAME=value`. A name without a value is taken from outside."""
    pairs = [(name, yaml_tree.spanned(file, value)) for name, value in yaml_tree.mapping(node).items()]
    for item in yaml_tree.items(node):
        text = yaml_tree.spanned(file, item)
        if text is None:
            continue
        name, equals, _ = text.value.partition("=")
        pairs.append((name, text[len(name) + 1 :] if equals else None))
    return {name: None if value is None else _known(file, value) for name, value in pairs}


def _known(file: DeployFile, text: Spanned) -> str | None:
    return file.known(split.filled(file, text, _VARIABLE, _interpolation).value)


def _interpolation(match: re.Match[str]) -> str | None:
    """The value of a compose variable: its default; None for what only the host's environment knows."""
    if match.group() == "$$":
        return "$"
    operator, default = match[2] or "", match[3]
    nested = default is not None and "$" in default
    return default if operator.endswith("-") and not nested else None
