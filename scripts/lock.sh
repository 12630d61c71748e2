#!/bin/sh
# Pins every package with its hashes. No index address and no find-links line may come into the files.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
compile() {
    out=$1
    shift
    "$uv" pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        --quiet --output-file "requirements/$out" "$@"
}
compile dev.txt --extra embedded --extra dev
compile embedded.txt --extra embedded --constraint requirements/dev.txt
compile base.txt --constraint requirements/dev.txt
"$uv" pip compile requirements/node.in --universal --python-version 3.11 --generate-hashes --no-annotate \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
    --quiet --output-file requirements/node.txt
for tool in load sbom; do
    "$uv" pip compile "requirements/$tool.in" --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        --quiet --output-file "requirements/$tool.txt"
done
