"""The words of SARIF 2.1.0 that we use, named as the standard names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

Level = Literal["error", "warning", "note"]
Properties = Mapping[str, str | tuple[str, ...]]


class _Object(Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    pass


class Message(_Object, frozen=True, kw_only=True):
    text: str
    markdown: str | None = None


class Region(_Object, frozen=True, kw_only=True):
    start_line: int
    start_column: int
    end_line: int
    end_column: int


class ArtifactLocation(_Object, frozen=True, kw_only=True):
    uri: str | None = None
    uri_base_id: str | None = None
    description: Message | None = None


class PhysicalLocation(_Object, frozen=True, kw_only=True):
    artifact_location: ArtifactLocation
    region: Region


class LogicalLocation(_Object, frozen=True, kw_only=True):
    fully_qualified_name: str
    kind: str


class Location(_Object, frozen=True, kw_only=True):
    id: int | None = None
    physical_location: PhysicalLocation
    logical_locations: tuple[LogicalLocation, ...] = ()
    message: Message | None = None


class Replacement(_Object, frozen=True, kw_only=True):
    deleted_region: Region
    inserted_content: Message


class ArtifactChange(_Object, frozen=True, kw_only=True):
    artifact_location: ArtifactLocation
    replacements: tuple[Replacement, ...]


class Fix(_Object, frozen=True, kw_only=True):
    description: Message
    artifact_changes: tuple[ArtifactChange, ...]
    properties: Properties


class Result(_Object, frozen=True, kw_only=True):
    rule_id: str
    rule_index: int
    level: Level
    message: Message
    locations: tuple[Location, ...]
    related_locations: tuple[Location, ...] = ()
    partial_fingerprints: Mapping[str, str]
    fixes: tuple[Fix, ...] = ()
    properties: Properties


class Configuration(_Object, frozen=True, kw_only=True):
    level: Level


class ReportingDescriptor(_Object, frozen=True, kw_only=True):
    id: str
    name: str
    short_description: Message
    full_description: Message
    help: Message
    help_uri: str | None = None
    default_configuration: Configuration
    properties: Properties


class Driver(_Object, frozen=True, kw_only=True):
    name: str
    version: str
    semantic_version: str
    rules: tuple[ReportingDescriptor, ...]


class Tool(_Object, frozen=True, kw_only=True):
    driver: Driver


class Notification(_Object, frozen=True, kw_only=True):
    level: Level
    message: Message


class Invocation(_Object, frozen=True, kw_only=True):
    execution_successful: bool
    tool_execution_notifications: tuple[Notification, ...] = ()


class Run(_Object, frozen=True, kw_only=True):
    tool: Tool
    invocations: tuple[Invocation, ...]
    original_uri_base_ids: Mapping[str, ArtifactLocation]
    column_kind: Literal["unicodeCodePoints"]
    results: tuple[Result, ...]


class Log(_Object, frozen=True, kw_only=True):
    schema: str = field(name="$schema")
    version: Literal["2.1.0"]
    runs: tuple[Run, ...]
