# `make demo` and `make test` need Python 3.11 or later, and set up everything else in .venv.

PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
DEMO := tests/fixtures/projects/demo

.PHONY: demo test docs docs-serve evidence services clean

# Status 1 means that there are findings, which is the point of the demonstration.
demo: .venv/installed
	cd $(DEMO) && "$(CURDIR)/.venv/bin/celery-lint" || test $$? -eq 1

test: .venv/installed-dev
	.venv/bin/pytest -n auto --dist worksteal

# The documentation site, in build/site. Every link in it leads somewhere, and it loads nothing from elsewhere.
docs: .venv/installed-docs
	NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict --quiet
	.venv/bin/python -m scripts.site.check build/site

# The site while it is written, at http://127.0.0.1:8000.
docs-serve: .venv/installed-docs
	NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs serve

# Runs every rule's bad example and its correction on real Celery processes, and records what was seen.
evidence: .venv/installed-evidence services
	.venv/bin/pytest -m "" -n 2 -r s --record tests/evidence

# Servers that some experiments start for themselves. Without them those are skipped, and keep their record.
services:
	@for program in redis-server:redis-server pg_ctlcluster:postgresql; do \
		command -v $${program%:*} >/dev/null || { apt-get update -qq && \
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $${program#*:}; } >/dev/null 2>&1 || \
		echo "$${program#*:} is not installed and cannot be: experiments with it are skipped and keep their record" >&2; \
	done

clean:
	rm -rf .venv

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "celery-lint needs Python 3.11 or later" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml
	.venv/bin/python -m pip install --quiet --editable .
	touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml
	.venv/bin/python -m pip install --quiet --editable '.[dev]'
	touch $@ .venv/installed

.venv/installed-docs: .venv/installed-dev
	.venv/bin/python -m pip install --quiet --editable '.[dev,docs]'
	touch $@

.venv/installed-evidence: .venv/installed-dev
	.venv/bin/python -m pip install --quiet --editable '.[dev,evidence]'
	touch $@
