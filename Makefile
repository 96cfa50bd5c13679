# make packet    install what is missing, assess samples/, say where the packet is
# make test      the same set-up, then every test
# make lint      ruff, mypy, import contracts
# make bench     the measurements of README.md (takes minutes; installs the peers in build/); INTO=README.md renews them
# make clients   the real clients of checklists (npm, 420 MB, into build/clients), then the tests that need them
# make docs      write the generated parts of README.md and the generated pages anew
# make setup     only the set-up; make clean removes what make made

PYTHON ?= python3
BIN := .venv/bin
# The clock of the sample packet, so that everybody's looks the same.
SAMPLES_AS_OF := 2026-09-01T00:00:00Z
OUT ?= packet

export PYTHON

.PHONY: setup packet test lint bench clients docs clean
.DEFAULT_GOAL := packet

setup:
	@.ci/setup

# Exit code 3 is a packet too: the samples hold a file that cannot be read, and the packet says so.
packet: setup
	@$(BIN)/compliance assess samples/ -c samples/compliance.yaml --as-of $(SAMPLES_AS_OF) -o $(OUT) || [ $$? -eq 3 ]
	@echo "The packet is in $(abspath $(OUT)): open packet.pdf or packet.html."

test:
	@.ci/setup test
	@.ci/live
	$(BIN)/pytest $(PYTEST_ARGS)

lint:
	@.ci/setup test lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m tests.benchmarks.report --out build/benchmarks.md $(if $(INTO),--into $(INTO))
	@cat build/benchmarks.md

clients:
	@.ci/setup test
	@.ci/clients build/clients >/dev/null
	COMPLIANCE_STIG_CLIENTS=$(abspath build/clients) $(BIN)/pytest tests/exports/stig

docs: setup
	$(BIN)/python -m tests.repo.renew

clean:
	rm -rf .venv build dist packet .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
