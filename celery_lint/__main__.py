"""`python -m celery_lint`."""

import sys

if not sys.flags.safe_path:
    # The working directory: a `celery.py` or `click.py` of the project there must not be taken for the library.
    del sys.path[0]

from celery_lint.start import entry

if __name__ == "__main__":
    entry()
