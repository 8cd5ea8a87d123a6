# Sourced by ./tools/demo and ./tools/test: finds Python, makes virtual environments, installs what is missing.
# shellcheck shell=bash

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf 'fermon: %s\n' "$*" >&2; exit 69; }

# The first Python from 3.11 to 3.13 on the PATH; $1 limits it to one version ("3.11").
find_python() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c "import sys; v = '%d.%d' % sys.version_info[:2]; sys.exit(v not in ('${1:-3.11}', '${1:-3.12}', '${1:-3.13}'))" 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# make_venv FOLDER PYTHON PIP-ARGUMENT...: make FOLDER and install; again only when pyproject.toml has changed.
make_venv() {
  local folder=$1 python=$2 stamp
  shift 2
  stamp=$( { cat pyproject.toml; "$python" --version; printf '%s\n' "$*"; } | sha256sum | cut -d' ' -f1)
  [ "$(cat "$folder/.fermon-stamp" 2>/dev/null)" = "$stamp" ] && return
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    fail "$python has no venv module. Install it: sudo apt install python3-venv"
  fi
  say "Making $folder with $("$python" --version) (once; a minute or a few) ..."
  [ -x "$folder/bin/python" ] || "$python" -m venv "$folder" || fail "could not make $folder"
  "$folder/bin/python" -m pip install --disable-pip-version-check --quiet --upgrade pip ||
    fail "pip could not reach the package index: connect to the internet once and try again"
  "$folder/bin/python" -m pip install --disable-pip-version-check --progress-bar on "$@" >&2 ||
    fail "pip could not install: $*"
  echo "$stamp" > "$folder/.fermon-stamp"
}

python=$(find_python) || fail "needs Python 3.11, 3.12 or 3.13. Install it: sudo apt install python3 python3-venv"
