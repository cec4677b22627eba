"""Input that is made to hurt: what the tests and `python -m tests.hostile` give to celery-lint."""
