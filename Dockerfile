# The MONAI Application Package: `make image`. docs/image.md says what is in it and why.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

# Replaced by --build-context wheels=FOLDER, so that the build needs no network.
FROM scratch AS wheels

# Packages alone: rebuilt when a pin changes.
FROM ${BASE} AS packages
ARG VARIANT=cpu
COPY deploy/image/requirements*.txt /build/
RUN --mount=type=bind,from=wheels,target=/wheels \
    python3 -m venv /opt/venv \
 && cd /build && export PATH=/opt/venv/bin:$PATH \
 && python -m pip install --no-cache-dir --no-compile --no-deps --no-index --find-links /wheels \
      -r requirements.txt -r requirements-${VARIANT}.txt -r requirements-build.txt \
 # A Python start makes Holoscan's library links; nobody but root could make them later.
 && python -c 'pass' \
 # What the application never imports is missing; nothing else may be.
 && ! python -m pip check | grep -v -E ' requires (cupy-cuda13x|holoscan-cli), '
COPY deploy/image/licences.py /build/
RUN export PATH=/opt/venv/bin:$PATH \
 && python -m pip uninstall -y -q filelock wheel-axle-runtime setuptools pip \
 && python /build/licences.py /licences \
 # Tests of the packages: the application imports none, and they hold no licence.
 && find /opt/venv -depth -type d \( -name tests -o -name __pycache__ \) -exec rm -rf {} + \
 && find /opt/venv -type d -path '*/nvidia/*/lib' > /etc/ld.so.conf.d/cmr-map.conf \
 && find /opt/venv -type d -name tensorrt_libs >> /etc/ld.so.conf.d/cmr-map.conf

# What writes the list of parts, beside the packages that it lists.
FROM packages AS sbom
RUN --mount=type=bind,from=wheels,target=/wheels \
    python3 -m venv /opt/sbom \
 && /opt/sbom/bin/python -m pip install --no-cache-dir --no-deps --no-index --find-links /wheels \
      -r /build/requirements-sbom.txt

# Everything that is ours, in its place, readable by every uid.
FROM sbom AS tree
ARG VARIANT=cpu
ARG VERSION=0.1.0
COPY . /source/
RUN cd /source && PATH=/opt/venv/bin:$PATH sh deploy/image/tree.sh /tree ${VERSION} ${VARIANT}

FROM ${BASE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Cardiac MR post-processing" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.description="Cine, tissue mapping and late enhancement: DICOM in; DICOM SEG, parametric maps, structured report, report as PDF and HTML, pictures and JSON out. Research use only; not a medical device." \
      org.opencontainers.image.licenses="Apache-2.0 AND CC-BY-NC-SA-4.0" \
      org.opencontainers.image.documentation="/opt/holoscan/docs/README.md"
COPY --from=packages /opt/venv /opt/venv
COPY --from=packages /etc/ld.so.conf.d/cmr-map.conf /etc/ld.so.conf.d/cmr-map.conf
COPY --from=tree /tree/models /opt/holoscan/models
COPY --from=tree /tree/root /
ENV PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONPATH=/opt/holoscan/app PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp ORT_DISABLE_TELEMETRY=1 \
    HOLOSCAN_APPLICATION=/opt/holoscan/app/ \
    HOLOSCAN_INPUT_PATH=/var/holoscan/input/ \
    HOLOSCAN_OUTPUT_PATH=/var/holoscan/output/ \
    HOLOSCAN_WORKDIR=/var/holoscan/ \
    HOLOSCAN_MODEL_PATH=/opt/holoscan/models/ \
    HOLOSCAN_CONFIG_PATH=/var/holoscan/app.yaml \
    HOLOSCAN_APP_MANIFEST_PATH=/etc/holoscan/app.json \
    HOLOSCAN_PKG_MANIFEST_PATH=/etc/holoscan/pkg.json \
    HOLOSCAN_DOCS=/opt/holoscan/docs/ \
    HOLOSCAN_DOCS_PATH=/opt/holoscan/docs/ \
    HOLOSCAN_LOGS=/var/holoscan/logs/ \
    HOLOSCAN_LOGS_PATH=/var/holoscan/logs/ \
    CMR_MAP_IMAGE_VERSION=${VERSION}
RUN ldconfig && python /build/bytecode.py && rm -r /build \
 && find /tmp -mindepth 1 -delete
USER 1000:1000
WORKDIR /var/holoscan
ENTRYPOINT ["/var/holoscan/tools"]
