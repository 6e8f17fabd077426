# make demo   a digital phantom study through the application, measured against its truth
# make test   the tests
# make run    INPUT=dir OUTPUT=dir: your own study
# make bench  time and memory per stage; the T1 fit beside scipy's and, where installed, mrpro's
# make engine WORKDIR=dir: TensorRT's engines ahead of time, where there is a card
# make lint   ruff and mypy
# make regulatory  generated documents, after `make test image-test`: fails where their results do
#                  not show a requirement
# make sbom, audit list of parts, known vulnerabilities
# make image       the container image cmr-map:VERSION, with docker, podman or buildah (docs/image.md)
# make image-test  runs the image on a phantom study and compares with a run outside
# make report-gallery  every page of the report, rendered, from a phantom and a real study, into work/gallery
# make manifests   app.json and pkg.json of the image, into build/manifests
#
# TORCH_INDEX=URL takes PyTorch from another index, such as the one with CPU-only builds
# (see README.md). PYTHON=python3.12 takes another interpreter. MRPRO_PYTHON=FILE names an
# interpreter with mrpro for `make bench`.

PYTHON ?= python3
TORCH_INDEX ?=
MRPRO_PYTHON ?=
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check
DEMO := demo
# What the pinned packages bring along, as in the image.
PINS := deploy/image/requirements.txt
RESULTS := .pytest_cache/results.xml
IMAGE_RESULTS := .pytest_cache/results-image.xml

.PHONY: demo test run bench engine lint regulatory sbom audit check clean image image-test \
  manifests report-gallery
.DEFAULT_GOAL := demo

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo 'Python >=3.11,<3.14 is needed; try make PYTHON=python3.11 ...' >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo 'On Debian: apt-get install python3-venv' >&2; exit 2; }
	@touch $@

$(VENV)/.runtime: requirements.txt requirements-validation.txt deploy/image/requirements.txt $(VENV)/.created
	@echo 'Installing the application into $(VENV) (once)'
	@$(if $(TORCH_INDEX),$(PIP) --index-url $(TORCH_INDEX) $$(grep '^torch==' requirements.txt))
	@$(PIP) -c $(PINS) -r requirements.txt -r requirements-validation.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements-triton.txt $(VENV)/.runtime
	@$(PIP) -c $(PINS) -r requirements-dev.txt
	@$(PIP) --no-deps -r requirements-triton.txt
	@touch $@

demo: $(VENV)/.runtime
	@$(PY) -m validation.demo --folder $(DEMO)

test: $(VENV)/.dev
	@rm -f $(IMAGE_RESULTS)
	@$(PY) -m pytest --numprocesses auto --dist loadfile --junitxml $(RESULTS)

run: $(VENV)/.runtime
	@test -n '$(INPUT)' -a -n '$(OUTPUT)' || { echo 'make run INPUT=dir OUTPUT=dir' >&2; exit 2; }
	@$(PY) -m app --input '$(INPUT)' --output '$(OUTPUT)' --model models

bench: $(VENV)/.runtime
	@$(PY) -m validation.bench
	@$(PY) -m validation.bench_relaxometry $(if $(MRPRO_PYTHON),--mrpro-python '$(MRPRO_PYTHON)')

engine: $(VENV)/.runtime
	@test -n '$(WORKDIR)' || { echo 'make engine WORKDIR=dir' >&2; exit 2; }
	@$(PY) -m deploy.engines --workdir '$(WORKDIR)'

lint: $(VENV)/.dev
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

# Without results: `python -m deploy.trust documents`.
regulatory: $(VENV)/.dev
	@test -f $(RESULTS) || { echo 'No results of the tests: run make test image-test first' >&2; exit 2; }
	@$(PY) -m deploy.trust documents --results $(wildcard $(RESULTS) $(IMAGE_RESULTS))

sbom: $(VENV)/.dev
	@$(PY) -m deploy.trust sbom --output output/sbom.cdx.json

audit: $(VENV)/.dev
	@$(PY) -m deploy.trust audit

check: lint test

image: $(VENV)/.created
	@PYTHON=$(PY) deploy/image/build.sh

image-test: $(VENV)/.dev
	@ENGINE=$$(deploy/image/engine.sh) CMR_MAP_IMAGE=cmr-map:$$(sed -n 's/^  version: //p' app.yaml) \
	  $(PY) -m pytest -s --junitxml $(IMAGE_RESULTS) tests/test_image.py

manifests: $(VENV)/.runtime
	@$(PY) -m deploy.manifests --output build/manifests

report-gallery: $(VENV)/.dev
	@$(PY) -m deploy.gallery --output work/gallery

clean:
	rm -rf $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis
