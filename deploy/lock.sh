#!/usr/bin/env bash
# Writes what exactly is installed in a vehicle, with the hash of every file: deploy/constraints-3.1?.txt, and for building
# fermon's own wheel deploy/constraints-build.txt. To be called after a change of pyproject.toml; needs a network.
#
#   deploy/lock.sh [--upgrade]     --upgrade: the newest releases; else only what has to change changes
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/lib/environment.sh
make_lock_tool

# lock FILE PYTHON ARGUMENT...: only releases that have wheels for Debian 12 (glibc 2.36) of both architectures.
lock() {
  local file=$1 version=$2 machine
  shift 2
  for machine in x86_64 aarch64; do
    [ ! -e "$file" ] || cp "$file" "$work/$machine" # uv keeps what it finds pinned there
    .venv-lock/bin/uv pip compile --quiet "$@" --python-version "$version" --python-platform "$machine-manylinux_2_36" \
      --only-binary ':all:' --generate-hashes --no-annotate --custom-compile-command deploy/lock.sh --output-file "$work/$machine"
  done
  cmp -s "$work"/{x86_64,aarch64} || fail "$file would differ between x86_64 and aarch64: $(diff "$work"/{x86_64,aarch64} | head -4)"
  mv "$work/aarch64" "$file"
  rm "$work/x86_64"
  say "$file: $(grep -c '==' "$file") packages"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'numpy<2' > "$work/debian-12" # whose binaries, picamera2's among them, are built for NumPy 1
lock deploy/constraints-3.11.txt 3.11 pyproject.toml --extra pi --constraints "$work/debian-12" "$@"
lock deploy/constraints-3.12.txt 3.12 pyproject.toml --extra pi "$@"
lock deploy/constraints-3.13.txt 3.13 pyproject.toml --extra pi "$@"
.venv-lock/bin/python -c '
import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' > "$work/build"
lock deploy/constraints-build.txt 3.11 "$work/build" "$@"
