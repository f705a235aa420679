# Training, evaluation, publishing, from the repository's root:
#   docker build -f deploy/training.Dockerfile -t roadsight-training .
#   docker run --gpus all --ipc=host -v "$PWD/data:/data:ro" -v "$PWD/runs:/runs" \
#     roadsight-training train /opt/recipes/traffic-sign.yaml --data /data/gtsrb
# torch brings its CUDA; loaders share memory, hence --ipc=host. Pinned as the service's image is.
ARG PYTHON_TAG=3.12-slim-trixie
ARG PYTHON_DIGEST=

FROM python:${PYTHON_TAG}${PYTHON_DIGEST} AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY models ./models
COPY service ./service
COPY training ./training
RUN python -m venv --without-pip /opt/roadsight \
  && pip --python /opt/roadsight/bin/python install --no-cache-dir "roadsight[training,signing] @ file:///src"

FROM python:${PYTHON_TAG}${PYTHON_DIGEST}
RUN pip uninstall --yes --root-user-action ignore pip
COPY --from=build /opt/roadsight /opt/roadsight
COPY training/recipes /opt/recipes
ENV PATH=/opt/roadsight/bin:$PATH \
  HOME=/tmp \
  PYTHONDONTWRITEBYTECODE=1
WORKDIR /runs
USER 10001:10001
ENTRYPOINT ["roadsight"]
CMD ["--help"]
