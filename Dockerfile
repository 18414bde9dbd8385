# Any Debian-like image with python3.11 and its venv module will do as a base.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
SHELL ["/bin/sh", "-euc"]
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1
WORKDIR /src

# The tools live in an environment of their own, which stays behind in this stage.
COPY requirements/bootstrap.lock requirements/runtime.lock requirements/
COPY scripts/index-settings scripts/
RUN python3.11 -m venv /opt/tools; \
    /opt/tools/bin/pip install --quiet --no-cache-dir --require-hashes -r requirements/bootstrap.lock; \
    . scripts/index-settings; \
    use_index_of_pip /opt/tools/bin/python; \
    /opt/tools/bin/uv venv --quiet --python python3.11 /opt/bff; \
    /opt/tools/bin/uv pip sync --quiet --python /opt/bff/bin/python --require-hashes requirements/runtime.lock

COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY simulator simulator
RUN /opt/tools/bin/hatchling build --target wheel --directory dist; \
    /opt/tools/bin/uv pip install --quiet --python /opt/bff/bin/python --no-deps --offline dist/*.whl

FROM ${BASE}
COPY --from=build /opt/bff /opt/bff
ENV PATH=/opt/bff/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1
WORKDIR /
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
EXPOSE 8000
# Shorter than the grace a front proxy gives; alive does not ask for Redis or Calendly, ready does.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as http; http.urlopen('http://127.0.0.1:' + os.environ.get('BFF_PORT', '8000') + '/livez', timeout=2)"]
CMD ["calendly-bff", "serve", "--host", "0.0.0.0"]
