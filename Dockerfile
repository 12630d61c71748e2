# One image for web, worker, beat and the administrative commands.
# Its base comes from deploy/images by its digest: sh deploy/compose build.
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE} AS front-end
WORKDIR /build
COPY requirements/node.txt requirements/
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/node.txt
COPY package.json package-lock.json .npmrc ./
RUN npm ci --silent --omit=dev
COPY scripts/front_end.py scripts/
COPY design/__init__.py design/
COPY design/icons design/icons
RUN python scripts/front_end.py

FROM ${PYTHON_IMAGE}
ENV PYTHONUNBUFFERED=1 XDG_CACHE_HOME=/tmp/cache PYTHONDONTWRITEBYTECODE=1 STATIC_MANIFEST=1 WHITENOISE_USE_FINDERS=0 STATIC_ROOT=/srv/static
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install -y --no-install-recommends postgresql-client-18 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home palace3
WORKDIR /app
COPY requirements/base.txt requirements/
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY . .
COPY --from=front-end /build/assets assets
RUN SECRET_KEY=build-only python scripts/compile_messages.py \
    && SECRET_KEY=build-only python manage.py collectstatic --noinput --verbosity 0 \
    && install -d -o palace3 /srv/exports /srv/state /srv/backups /srv/wal /srv/target /srv/out
USER palace3
EXPOSE 8000
CMD ["gunicorn", "--config", "python:palace3.gunicorn"]
