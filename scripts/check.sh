#!/bin/sh
# Runs every check even after one has failed, so that one run tells all; fails if any did.
cd "$(dirname "$0")/.." || exit 2
failed=""
step() {
    name=$1
    shift
    if ! "$@"; then
        failed="$failed $name"
    fi
}
# The set-up puts a node here where the machine has none.
PATH="$PWD/.venv/bin:$PATH"
# Settings ask for addresses and keys; nothing here connects to them.
export SECRET_KEY="${SECRET_KEY:-checks-only}"

# The types are checked on one core while the other steps use the other; what it says is printed at the end.
types=$(mktemp)
trap 'rm -f "$types"' EXIT
.venv/bin/mypy --no-error-summary kernel protocol audit accounts trials website followup crf randomization notices reports exports analysis committee monitoring operations design demo palace3 >"$types" 2>&1 &
types_process=$!

step ruff .venv/bin/ruff check --quiet .
step format .venv/bin/ruff format --quiet --check .
step biome node_modules/.bin/biome ci --error-on-warnings --reporter=summary
step djlint .venv/bin/djlint templates --lint --quiet
step architecture .venv/bin/python -m pytest -q -p no:cacheprovider tests/architecture
step translations .venv/bin/python manage.py messages --check
step tour .venv/bin/python -m pytest -q -p no:cacheprovider tests/integration/crf/test_hops.py tests/integration/randomization/test_tour.py tests/integration/exports/test_tour.py
step docs .venv/bin/python manage.py build_docs --check
wait "$types_process" || failed="$failed mypy"
cat "$types"

if [ -n "$failed" ]; then
    echo "failed:$failed" >&2
    exit 1
fi
echo "all checks passed"
