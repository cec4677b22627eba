"""Tests of `celery-lint server`."""
