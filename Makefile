# Everything there is to run. Each target first brings .venv up to the locks; that costs nothing when it is.
#   make test ARGS="tests/form -x"    pytest arguments
#   make lock UPGRADE=--upgrade       newer versions, not only missing ones
#   PYTHON=/path/to/python3.12        another interpreter than python3.11

export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# The tests start programs by the hundred: what one of them has compiled, the others need not.
unexport PYTHONDONTWRITEBYTECODE
export REDOCLY_TELEMETRY := off
export REDOCLY_SUPPRESS_UPDATE_NOTICE := true
export PORT ?= 8000
export SIMULATOR_PORT ?= 8001

OPENAPI := openapi/bff.json

.DEFAULT_GOAL := help
.PHONY: help runtime dev demo test coverage check openapi clients bench profile soak soak-bookings soak-availability soak-accounts soak-webhooks soak-streams lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

runtime:
	@scripts/bootstrap runtime

dev:
	@scripts/bootstrap dev

demo: runtime ## run the service, the demo page and a Calendly of its own; no account needed
	@exec calendly-bff demo

# Half of the time tests wait: three processes keep two cores busy. By default the files with the fewest tests come last; with
# us these take longest, and one process would wait for the others.
SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder

test: dev ## run every test
	pytest $(SIDE_BY_SIDE) $(ARGS)

coverage: dev ## run every test, and show which branches of app/ and simulator/ none of them takes
	@coverage erase
	coverage run -m pytest $(SIDE_BY_SIDE) $(ARGS)
	@coverage combine --quiet
	@coverage report $(if $(ARGS),--fail-under=0)

check: dev check-format check-lint check-types check-architecture check-dependencies check-security check-scripts check-container check-openapi ## everything short of the tests

.PHONY: check-format check-lint check-types check-architecture check-dependencies check-security
.PHONY: check-scripts check-container check-openapi

check-format: dev
	ruff format --check .

check-lint: dev
	ruff check .

check-types: dev
	mypy

check-architecture: dev
	lint-imports

check-dependencies: dev
	deptry .

# What is of low severity, ruff's S rules find as well; exceptions to them are by file, with a reason.
check-security: dev
	bandit --quiet --severity-level medium --configfile pyproject.toml --recursive app simulator

check-scripts: dev
	shellcheck --severity warning scripts/* .ci/run

check-container: dev
	hadolint Dockerfile
	dclint --max-warnings 0 docker-compose.yml

check-openapi: dev
	calendly-bff openapi --check
	redocly lint $(OPENAPI)

openapi: dev ## rewrite openapi/ from the code
	calendly-bff openapi

clients: dev ## generate the TypeScript and Kotlin clients into build/clients
	scripts/generate-clients build/clients

bench: dev ## measure what is claimed about speed: make bench ARGS="--quick --rows hit,304 --markdown table.md"
	python -m benchmarks $(ARGS)

profile: dev ## draw where the time of a hit and of the slow path goes, into docs/images
	python -m benchmarks.profile $(ARGS)

soak: dev ## the long runs: soak tests, generated clients, the container image
	pytest -m soak $(ARGS)
	scripts/generate-clients build/clients
	scripts/check-image

soak-bookings: dev ## kill, crowd and confuse the service while it books, thousands of times; most of an hour
	python -m tests.soak $(ARGS)

soak-availability: dev ## change, cut, crowd and flood what several replicas know of free times; half an hour
	python -m tests.soak.availability $(ARGS)

soak-accounts: dev ## kill processes while they renew the tokens of connected accounts, and change secret keys; a quarter of an hour
	python -m tests.soak.accounts $(ARGS)

soak-webhooks: dev ## deliver 10,000 webhooks, twice, shuffled and forged, while Redis dies, and change their keys; some minutes
	python -m tests.soak.webhooks $(ARGS)

soak-streams: dev ## let hundreds hear of bookings at two replicas, and count what thousands of listeners cost; some minutes
	python -m tests.soak.streams $(ARGS)

lock: dev ## rewrite requirements/ and package-lock.json from pyproject.toml and package.json
	UPGRADE=$(UPGRADE) scripts/lock
	npm install --package-lock-only --ignore-scripts

clean: ## remove everything that can be made again
	rm -rf .venv node_modules build dist .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
