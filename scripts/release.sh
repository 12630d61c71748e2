#!/bin/sh
# Writes var/palace3-VERSION.tar.gz with its digest: the committed tree, every package as a wheel, the pages' files. A
# machine with the same Python (PYTHON names another than the system's) and processor installs it without the internet (sh deploy/install).
# Images without their digests are refused; CONTAINERS=0 leaves out what containers need.
set -eu
for_containers="Dockerfile .dockerignore docker-compose.yml deploy/compose deploy/images deploy/pin-images deploy/pg_hba.conf"
[ "${CONTAINERS:-1}" = 0 ] || sh deploy/pin-images --check
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml | head -1)
name=palace3-$version
out=$PWD/var
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir -p "$out" "$place/$name/wheels"
git archive HEAD | tar -x -C "$place/$name"
[ "${CONTAINERS:-1}" != 0 ] || (cd "$place/$name" && rm $for_containers)
git rev-parse HEAD >"$place/$name/COMMIT"
${PYTHON:-/usr/bin/python3} -m venv "$place/venv"
"$place/venv/bin/pip" download --quiet --disable-pip-version-check --require-hashes --dest "$place/$name/wheels" -r requirements/base.txt
cp -RL assets "$place/$name/assets"
# RESULTS names what `pytest --junit-xml FILE` wrote of this tree: the matrix of requirements leaves with the results.
if [ -n "${RESULTS:-}" ]; then
    "${PROGRAM:-.venv/bin/python}" manage.py build_docs --results "$RESULTS"
    cp -R var/validation "$place/$name/validation"
fi
tar -c -C "$place" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" "$name" | gzip -n >"$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256")
