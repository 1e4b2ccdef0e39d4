# What a person types. Everything is installed into .venv. For root, servers are run as the account nobody from a copy
# under /var/lib/theca, because PostgreSQL refuses to run as root.

PYTHON ?=
# Twice quiet: errors only.
INSTALL = -m pip install --quiet --quiet
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_INPUT = 1
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check fix bench faults attack damage mutate docs new-venv

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/.ready ## install everything into .venv (make setup PYTHON=/path/to/python3.11 to choose)
	@echo 'theca: ready as .venv/bin/theca; make demo shows it'

demo: .venv/.ready ## show the whole thing with invented candidates and servers of its own (ARGS=...)
	@.venv/bin/theca demo $(ARGS)

up: .venv/.ready ## run it: interface, workers and servers (ARGS=...)
	@.venv/bin/theca up $(ARGS)

test: .venv/.dev ## run the tests against real servers (ARGS="-k name" for some)
	@.venv/bin/pytest -n 2 --dist loadfile $(ARGS)

check: .venv/.dev ## lint, format, types, import floors, docs that match the code, and every protocol proven
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/python -m tests.docs.generate --check
	@.venv/bin/theca protocol prove --all

fix: .venv/.dev ## mend what ruff can mend by itself
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

bench: .venv/.dev $(if $(wildcard requirements-bench.lock),.venv-bench/.ready) ## measure (WHAT=name for one of them)
	@.venv/bin/python -m tests.bench $(WHAT)

faults: .venv/.dev ## break everything there is to break, under load, and see that nothing is lost (WHAT=name for one group)
	@.venv/bin/python -m tests.faults $(WHAT)

attack: .venv/.dev ## attack every door, field, link and address, and see that nothing gives (WHAT=name, CASES=number)
	@.venv/bin/python -m tests.attack $(if $(CASES),--cases=$(CASES)) $(WHAT)

damage: .venv/.dev ## damage every protocol file 10,000 times and see each refused (COUNT=number)
	@.venv/bin/python -m tests.authoring.damage $(COUNT)

mutate: .venv/.dev .venv-mutate/.ready ## change gates and responses one slip at a time; a test must notice (WHAT=gate for one)
	@.venv/bin/python -m tests.mutate $(WHAT)

docs: .venv/.dev ## write the generated pages anew
	@.venv/bin/python -m tests.docs.generate

# ----------------------------------------------------------------------------------------------------------------------

# A virtual environment whose Python went away or whose making was cut short is made again, not mended.
SOUND := $(shell .venv/bin/python -c 'import pip' 2>/dev/null && echo yes)

.venv/.ready: .venv/.locked pyproject.toml
	@.venv/bin/python $(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.locked: requirements.lock $(if $(SOUND),,new-venv)
	@echo 'theca: installing what requirements.lock lists into .venv; this can take a minute'
	@.venv/bin/python $(INSTALL) --require-hashes --requirement requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.ready
	@.venv/bin/python $(INSTALL) --require-hashes --requirement requirements-dev.lock
	@touch $@

.venv-bench/.ready: requirements-bench.lock .venv/.ready
	@.venv/bin/python -m venv --clear .venv-bench
	@.venv-bench/bin/python $(INSTALL) --require-hashes --requirement requirements-bench.lock
	@touch $@

.venv-mutate/.ready: requirements-mutate.lock .venv/.ready
	@.venv/bin/python -m venv --clear .venv-mutate
	@.venv-mutate/bin/python $(INSTALL) --require-hashes --requirement requirements-mutate.lock
	@touch $@

VERSION = import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))
# The machines both wheels of the servers are built for; Linux with a C library from 2018 or later.
MACHINE = import platform as p, sys; \
	at = p.system() + " on " + p.machine(); libc, version = p.libc_ver(); print(at, libc or "without glibc", version); \
	built = at in {"Linux on x86_64", "Linux on aarch64", "Darwin on x86_64", "Darwin on arm64"}; \
	old = at[0] == "L" and (libc != "glibc" or tuple(map(int, version.split(".")[:2])) < (2, 28)); \
	sys.exit(old or not built)

new-venv:
	@stop() { echo "theca: $$1" >&2; exit 1; }; \
	python=; found='none was found'; \
	for one in $(or $(PYTHON),python3.11 python3.12 python3.13 python3); do \
		if version=$$($$one -c '$(VERSION)' 2>/dev/null); then python=$$one; break; fi; \
		if [ -n "$$version" ]; then found="$$one is $$version"; fi; \
	done; \
	[ -n "$$python" ] || stop "Python 3.11 or newer is needed and $$found; name one: make setup PYTHON=/path/to/python3.11"; \
	$$python -c 'import ensurepip, venv' 2>/dev/null || \
		stop "$$python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; \
	machine=$$($$python -c '$(MACHINE)') || \
		stop "there are no servers to bring along for $$machine, only for glibc 2.28+ and macOS on x86_64 and ARM"; \
	$$python -m venv --clear .venv
