"""What a run stops for: something that the user has to change."""

from __future__ import annotations


class UserError(Exception):
    """Something that the user has to change. The text is one line."""


class ConfigurationError(UserError):
    """The configuration cannot be used."""
