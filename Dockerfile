# Kitto for production: one image for web, worker and commands; everything from the lock, each file by its hash.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
RUN python -m venv /opt/kitto
COPY requirements.lock /tmp/
# Wheels only: nothing is compiled, so no package runs code of its own while it is installed.
RUN /opt/kitto/bin/pip install --require-hashes --only-binary :all: -r /tmp/requirements.lock \
    && /opt/kitto/bin/pip uninstall --yes pip
COPY service /opt/kitto/source/service
COPY agents /opt/kitto/source/agents
COPY playbooks /opt/kitto/source/playbooks
COPY inventories /opt/kitto/source/inventories
COPY tools/fetch_collections.py /tmp/tools/
# Each file is held against a checksum; the build ends when one cannot be had.
RUN python /tmp/tools/fetch_collections.py /opt/kitto/source/collections
COPY label_templates /opt/kitto/source/label_templates
COPY LICENSE /opt/kitto/source/
COPY --chmod=755 deploy/kitto /opt/kitto/bin/kitto
# Compiled here, because nothing may write there later.
RUN echo /opt/kitto/source/service > "$(/opt/kitto/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/kitto.pth" \
    && /opt/kitto/bin/python -m compileall -q /opt/kitto/source/service \
    && /opt/kitto/bin/kitto --help > /dev/null

FROM python:3.11-slim-bookworm
# ssh and ssh-agent carry the plays; bubblewrap ends them whole; pg_dump writes backups.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openssh-client bubblewrap postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 kitto \
    && useradd --system --uid 10001 --gid kitto --home-dir /var/lib/kitto --shell /usr/sbin/nologin kitto \
    && install -d -o kitto -g kitto -m 0700 /var/lib/kitto
COPY --from=build /opt/kitto /opt/kitto
ENV PATH=/opt/kitto/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    KITTO_DATA=/var/lib/kitto \
    KITTO_HOST=0.0.0.0 \
    KITTO_PORT=8300 \
    KITTO_LOG_FORMAT=json
USER kitto
WORKDIR /var/lib/kitto
VOLUME /var/lib/kitto
EXPOSE 8300
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=40s --retries=4 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['KITTO_PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["kitto"]
CMD ["serve"]
