# Two commands matter: `make up` and `make test`. `make help` lists the rest.
# Needs Python 3.11 or later, make and git; everything else is installed into this folder.

.DEFAULT_GOAL := help
.PHONY: sbom audit help up upgrade down dev fast coverage status doctor logs reset test lint format types unit conformance node-tools go-tools docs routes release clean
.PHONY: env images compose-test
.PHONY: account-pictures bench-account bench-compare bench-events bench-export bench-gateway bench-identity bench-introspection bench-monolith bench-notes bench-own bench-planner bench-calendars bench-mcp bench-mixed bench-start

READY := .venv/.ready
INSTALLED := .venv/.installed
BIN := .venv/bin
NOTECHONDRIA = $(BIN)/notechondria
PROJECTS := uv.lock pyproject.toml $(wildcard shared/*/pyproject.toml services/*/pyproject.toml cli/pyproject.toml deploy/launcher/pyproject.toml)

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

up: $(INSTALLED) ## Install, start everything and say where it is (PORT=9000; ARGS=--detach)
	@$(NOTECHONDRIA) up $(if $(PORT),--port $(PORT)) $(ARGS)

upgrade: ## After git pull: back up, stop, install, start what is here, check (ARGS=--no-backup)
	@$(NOTECHONDRIA) upgrade $(ARGS)

down: $(INSTALLED) ## Stop everything
	@$(NOTECHONDRIA) down $(ARGS)

status: $(INSTALLED) ## Show what runs (ARGS=--memory, --json)
	@$(NOTECHONDRIA) status $(ARGS) || test $$? -eq 3 # 3: nothing runs, which is an answer

dev: $(INSTALLED) ## Start everything; one service is restarted whenever its code changes (SERVICE=notes)
	@$(NOTECHONDRIA) up --reload $(or $(SERVICE),$(error Say which: make dev SERVICE=notes)) $(if $(PORT),--port $(PORT)) $(ARGS)

doctor: $(INSTALLED) ## Say what is wrong, and what to do about it (ARGS=--json)
	@$(NOTECHONDRIA) doctor $(ARGS)

logs: $(INSTALLED) ## Watch the requests (ARGS="--part identity" for one part's own log)
	@$(NOTECHONDRIA) logs --follow $(ARGS)

reset: $(INSTALLED) ## Delete all data (asks first)
	@$(NOTECHONDRIA) reset $(ARGS)

test: $(READY) ## Check style and types, run every test (a worker for each core, four at the most, and one more)
	@$(MAKE) --no-print-directory --jobs 3 --output-sync lint types node-tools go-tools
	@$(MAKE) --no-print-directory unit

lint: $(READY) ## Check style (ruff), layers (import-linter), words, spelling, licences, and how often a type is Any
	@echo "Style"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@echo "Layers"
	@$(BIN)/lint-imports --no-logo > .lint-imports.log || { cat .lint-imports.log; exit 1; }
	@echo "Words and spelling"
	@$(BIN)/python -m tools.banned_words
	@$(BIN)/codespell
	@echo "Licences"
	@$(BIN)/python -m tools.licences
	@echo "Any per thousand lines"
	@$(BIN)/python -m tools.any_count --max 3

sbom: $(READY) ## Write the bill of materials, build/sbom.cdx.json (CycloneDX)
	@$(BIN)/python -m tools.sbom

audit: ## Ask for known weaknesses of what is locked (needs the network)
	@"$$(python3 tools/get_uv.py .uv)" audit --frozen

types: $(READY) ## Check types (mypy, strict), of the tests too
	@echo "Types"
	@$(BIN)/mypy

unit: $(READY) node-tools go-tools ## Run the tests only (ARGS="services/notes -k bin": in one process; ARGS="-n 0": everything in one)
	@echo "Tests"
	@$(BIN)/pytest $(ARGS)

fast: $(READY) ## Run the rules of all services against one Postgres each, and what is pure: about a minute (ARGS="-k week")
	@$(BIN)/pytest -q -n 2 -m fast services shared $(ARGS)

coverage: $(READY) node-tools go-tools ## Run every test and say how much of the code ran, services' processes too; fails below the floor
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage combine -q
	@$(BIN)/python -m tools.coverage_totals

attacks: $(READY) ## Attack a stack as hostile clients would, alone on the machine (ARGS="-k slow")
	@ATTACKS_ALONE=1 $(BIN)/pytest -n 0 tests/attacks $(ARGS)

soak: $(READY) ## Let parts die at random while people write (SECONDS=600 SEED=7); what was answered must be there
	@SOAK_SECONDS=$(or $(SECONDS),300) SOAK_SEED=$(or $(SEED),1) $(BIN)/pytest -q -n 0 --timeout 0 -rP tests/test_disorder.py

conformance: $(READY) node-tools ## Run the official MCP conformance suite and the TypeScript client (needs npm)
	@echo "MCP conformance"
	@$(BIN)/pytest services/mcp/tests/conformance $(ARGS)

bench-calendars: $(READY) ## Measure the reading of large calendars beside counting their starts
	@$(BIN)/python -m bench.calendars

bench-mcp: $(READY) ## Measure an MCP tool beside the REST call it wraps (ARGS="--seconds 10")
	@$(BIN)/python -m bench.mcp $(ARGS)

node-tools: $(READY)
	@sh services/mcp/tests/conformance/install.sh .venv/.node

go-tools: $(READY)
	@sh tools/get_go.sh

format: $(READY) ## Put the code into form
	@$(BIN)/ruff check --fix --exit-zero
	@$(BIN)/ruff format

docs: $(READY) ## Write what is generated: events, endpoints, OpenAPI, Kubernetes' routes, coverage of the contract, code in docs
	@$(BIN)/python -m tools.event_documents
	@$(BIN)/python -m tools.api_document services/web/web_service/documentation/openapi.json --internal docs/internal
	@$(BIN)/python -m tools.kubernetes_routes
	@$(BIN)/python -m tools.contract_coverage
	@$(BIN)/python -m tools.endpoints
	@$(BIN)/python -m tools.docs_source
	@$(BIN)/python -m tools.service_variables
	@$(BIN)/python -m tools.app_table

routes: $(INSTALLED) ## Show which service answers which path
	@$(NOTECHONDRIA) routes $(ARGS)

env: ## Write deploy/.env with its own secrets, for docker compose (repeat it at will)
	@sh deploy/make-env.sh

images: ## Build all container images (needs Docker; TAG=1.2.3)
	@TAG=$(TAG) sh deploy/ci/build.sh

compose-test: $(READY) ## Try the containers for real: engine, images, compose, scaling, backup (needs root; ARGS="-k scale")
	@sh deploy/ci/compose-test.sh $(ARGS)

account-pictures: $(READY) ## Take the pictures of docs/account.md anew (needs Chromium)
	@$(BIN)/python -m tools.account_pictures

bench-mixed: $(READY) ## Ten minutes of mixed load: answers, spread, memory (ARGS="--minutes 2")
	@$(BIN)/python -m bench.mixed $(ARGS)

bench-account: $(READY) ## Measure the account pages of a person with 10,000 notes and 50,000 calls (ARGS="--rounds 40")
	@$(BIN)/python -m bench.account $(ARGS)

bench-identity: $(READY) ## Measure sign-ins beside other requests
	@$(BIN)/python -m bench.identity

bench-introspection: $(READY) ## Measure what a program's access token costs beside an API key (ARGS="--seconds 4")
	@$(BIN)/python -m bench.introspection $(ARGS)

bench-monolith: $(READY) ## Measure the product beside a Django monolith of the same endpoints (ARGS="--seconds 10")
	@$(BIN)/python -m bench.monolith $(ARGS)

bench-notes: $(READY) ## Measure notes beside a bare endpoint (ARGS="--others 1000000 --seconds 10")
	@$(BIN)/python -m bench.notes $(ARGS)

bench-own: $(READY) ## Measure what grows with a person's own notes (ARGS="--notes 10000 200000")
	@$(BIN)/python -m bench.own_notes $(ARGS)

bench-compare: $(READY) ## Measure two commits by turns (BASE=v0.1.0 BENCH=notes ARGS="--seconds 5")
	@$(BIN)/python -m bench.compare --base $(or $(BASE),$(error Say which: make bench-compare BASE=v0.1.0)) --bench $(or $(BENCH),notes) $(ARGS)

bench-events: $(READY) ## Measure how fast events are sent and applied beside a plain consumer (ARGS="--events 100000")
	@$(BIN)/python -m bench.events $(ARGS)

bench-export: $(READY) ## Measure the memory of exports (ARGS="--notes 50000 --mib 5120")
	@$(BIN)/python -m bench.export $(ARGS)

bench-gateway: $(READY) ## Measure what the gateway costs
	@$(BIN)/python -m bench.gateway $(ARGS)

bench-start: $(READY) ## Count round trips and bytes of the start of a web app
	@$(BIN)/python -m bench.web_start $(ARGS)

bench-install: $(READY) ## Measure the first minutes: fresh clone, empty home, first and later start (ARGS="--as USER" as root)
	@$(BIN)/python -m bench.first_minutes $(ARGS)

bench-upgrade: $(READY) ## Upgrade from the commit before and go back, while people write: nothing answered may be missing
	@$(BIN)/python -m bench.upgrade $(ARGS)

bench-planner: $(READY) ## Measure the week of a user with many calendars
	@$(BIN)/python -m bench.planner

release: $(READY) ## Raise the version, date the changelog, commit and tag (PART=major|minor|patch|1.2.3)
	@$(BIN)/python tools/release.py $(if $(PART),$(PART),$(error Say which: make release PART=minor))

clean: ## Remove what was installed and cached here; data stays
	rm -f .coverage .coverage.*
	rm -rf .venv .uv .go .pebble .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What runs the stack, and with READY what tests and tools need besides. 75: a stack runs from here, so what is installed
# stays as it is.
$(READY): $(PROJECTS) tools/bootstrap.sh tools/get_uv.py
	@sh tools/bootstrap.sh; code=$$?; [ $$code -ne 0 ] || touch $@ $(INSTALLED); [ $$code -eq 0 ] || [ $$code -eq 75 -a -e $@ ]

$(INSTALLED): $(PROJECTS) tools/bootstrap.sh tools/get_uv.py
	@sh tools/bootstrap.sh --production; code=$$?; [ $$code -ne 0 ] || touch $@; [ $$code -eq 0 ] || [ $$code -eq 75 ]
