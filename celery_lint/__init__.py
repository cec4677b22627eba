"""celery-lint: reads a whole Celery project and reports what will break in production."""

__version__ = "0.1.0"
