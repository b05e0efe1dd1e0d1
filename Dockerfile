# Build: a virtual environment with the package and what constraints.txt pins.
FROM python:3.13-slim AS build
WORKDIR /src
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY api ./api
COPY seed ./seed
RUN python -m venv /opt/event-timeline \
 && /opt/event-timeline/bin/pip install --no-cache-dir --constraint constraints.txt .

# Run: that environment alone, as a user of its own, with nothing to write but /data (the database) and /tmp.
#   docker run --read-only --tmpfs /tmp -v timeline:/data -p 127.0.0.1:8000:8000 event-timeline
FROM python:3.13-slim
COPY --from=build /opt/event-timeline /opt/event-timeline
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin timeline \
 && install --directory --owner timeline --group timeline /data
USER timeline
WORKDIR /data
VOLUME /data
ENV PATH=/opt/event-timeline/bin:$PATH PYTHONDONTWRITEBYTECODE=1 EVENT_TIMELINE_HOST=0.0.0.0 EVENT_TIMELINE_DB=/data/timeline.db
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('EVENT_TIMELINE_PORT', '8000') + '/readyz', timeout=4)"]
ENTRYPOINT ["event-timeline"]
CMD ["serve"]
