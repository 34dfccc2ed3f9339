# The command and its web page: `docker build --target cpu -t swinsr .`, or `--target cuda` for
# NVIDIA's cards. `docker run -p 7860:7860 swinsr` serves the page; other commands by name:
# `docker run -v "$PWD:/work" swinsr upscale photo.jpg`.

FROM python:3.12-slim-bookworm AS wheel
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    SWINSR_HOME=/home/swinsr/cache
RUN useradd --create-home --uid 1000 swinsr \
    && mkdir /work && chown swinsr:swinsr /work
WORKDIR /work
EXPOSE 7860
# It answers within seconds; before the page is there it is not yet well, and not yet ill.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:7860/health', timeout=4)"]
ENTRYPOINT ["swinsr"]
CMD ["demo", "--host", "0.0.0.0"]

FROM base AS cuda
# The index's own build of torch brings CUDA's libraries; the driver is the host's.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install "$(echo /wheels/swinsr-*.whl)[demo]"
USER 1000

FROM base AS cpu
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install --index-url https://download.pytorch.org/whl/cpu "torch>=2.6,<2.14" \
    && pip install "$(echo /wheels/swinsr-*.whl)[demo]"
USER 1000
