# One image for the API, the worker, beat and the command line. Every package is a wheel pinned by hash: no compiler.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

# An account with a name: programs that ask who they are get an answer.
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/theca --create-home --shell /usr/sbin/nologin theca

WORKDIR /opt/theca
COPY requirements.lock ./
RUN pip install --require-hashes --only-binary :all: --requirement requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY workflow/ workflow/
COPY api/ api/
COPY workers/ workers/
COPY protocols/ protocols/
RUN pip install --no-deps --no-build-isolation .

USER theca
WORKDIR /var/lib/theca
RUN mkdir --mode=700 checkpoints
EXPOSE 8321
CMD ["uvicorn", "--factory", "api.app:app", "--host", "0.0.0.0", "--port", "8321", "--no-access-log", "--no-proxy-headers"]
