# LiveCKA: what a newcomer needs is `make demo`, what a contributor needs is `make test`.
#
# Every target installs what is missing: Debian packages with apt (as root, or through sudo), Python
# packages into .venv, which git ignores.

SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
DEBIAN_PACKAGES := libzmq3-dev libopenblas-dev libpng-dev libcurl4 python3-venv prometheus-alertmanager systemd
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
LIVECKA := .build/release/livecka

# PyTorch for CPUs is a tenth of the size of the one for GPUs. Where it is not on offer: make TORCH=torch.
TORCH ?= torch==2.13.0+cpu

.PHONY: help build test test-swift test-python demo lint format sanitize deps deps-python deps-frameworks install clean

help: ## say what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

deps: ## install the Debian packages that are missing
	@missing=$$(for p in $(DEBIAN_PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	    $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $$missing; \
	fi

$(VENV)/installed: Clients/python/pyproject.toml
	$(MAKE) --no-print-directory deps
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check '$(TORCH)'
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e 'Clients/python[test]'
	touch $@

deps-python: $(VENV)/installed ## install the Python client, with PyTorch, into .venv

# The frameworks that the client works with, for its tests: 0.7 GB and under a minute more.
$(VENV)/installed-frameworks: $(VENV)/installed
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e 'Clients/python[test-clients]'
	touch $@

deps-frameworks: $(VENV)/installed-frameworks ## install Lightning, transformers, JAX and the like into .venv, for the tests

build: deps ## build the daemon, in release mode
	swift build -c release --product livecka

test: deps deps-frameworks lint test-swift test-python ## install what is missing and run every test

# The kernels are compiled for three levels of the processor; this machine uses one. The others are tried before the rest.
KERNEL_TESTS := LinearAlgebraTests|UCenteredGramTests|ReferenceValueTests|FirstComponent

test-swift: deps ## run the Swift tests, those of the kernels at every level of the processor
	swift build --build-tests
	for level in baseline x86-64-v3; do \
	    LIVECKA_KERNELS=$$level swift test --skip-build --disable-xctest --filter '$(KERNEL_TESTS)' || exit 1; \
	done
	swift test --disable-xctest

test-python: build deps-frameworks ## run the Python tests, those against the daemon included
	LIVECKA_EXECUTABLE=$(CURDIR)/$(LIVECKA) $(PYTHON) -m pytest Clients/python -q

demo: build deps-python ## train a real network with the daemon attached, and watch its matrix
	Clients/demo.sh $(LIVECKA) $(PYTHON)

lint: ## check the format of the Swift sources
	swift format lint --strict --recursive Package.swift Sources Tests

format: ## format the Swift sources
	swift format --in-place --recursive Package.swift Sources Tests

sanitize: deps ## run the Swift tests under the thread and the address sanitizer
	TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/thread-sanitizer.supp" \
	    swift test --disable-xctest --sanitize=thread --scratch-path .build-thread
	LSAN_OPTIONS="suppressions=$(CURDIR)/Tests/leak-sanitizer.supp" \
	    swift test --disable-xctest --sanitize=address --scratch-path .build-address

install: build ## install the daemon, its settings and its systemd unit
	$(SUDO) install -D -m 755 $(LIVECKA) /usr/local/bin/livecka
	[ -e /etc/livecka/livecka.yaml ] || $(SUDO) install -D -m 644 Config/livecka.yaml /etc/livecka/livecka.yaml
	$(SUDO) install -D -m 644 systemd/livecka.service /etc/systemd/system/livecka.service

clean: ## remove what was built
	rm -rf .build .build-thread .build-address $(VENV)
