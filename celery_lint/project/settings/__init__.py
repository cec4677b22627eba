"""The applications and their settings, as written and as they hold."""
