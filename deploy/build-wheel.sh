#!/usr/bin/env bash
# Builds fermon's own wheel with exactly the tools that constraints-build.txt names.
#
#   deploy/build-wheel.sh FOLDER [PYTHON]     PYTHON (default: python3) needs its venv module
set -euo pipefail
deploy=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd) python=${2:-python3}
unset "${!PYTHON@}" # the programs that pip starts would read PYTHONPATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -I -m venv "$work/venv"
pip=("$work/venv/bin/python" -I -m pip --disable-pip-version-check)
"${pip[@]}" install --quiet --only-binary ':all:' --require-hashes --requirement "$deploy/constraints-build.txt"
rm -f "$folder"/fermon-*.whl
"${pip[@]}" wheel --quiet --no-deps --no-build-isolation --wheel-dir "$folder" "$deploy/.."
