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

# not_run WHAT WHY: says it, and leaves it for the last lines of .ci/run (tools/lib/not_run.py).
not_run() {
  say "Not run: $1: $2"
  [ -z "${FERMON_NOT_RUN:-}" ] || printf 'suite\t%s\t%s\n' "$1" "$2" >> "$FERMON_NOT_RUN"
}

# stamp_of PYTHON PIP-ARGUMENT...: what an environment was made from.
stamp_of() {
  local python=$1
  shift
  { cat pyproject.toml; "$python" --version; printf '%s\n' "$*"; } | sha256sum | cut -d' ' -f1
}

# made FOLDER PYTHON PIP-ARGUMENT...: whether make_venv with these words would find nothing to do.
made() { [ "$(cat "$1/.fermon-stamp" 2>/dev/null)" = "$(stamp_of "${@:2}")" ]; }

# make_venv FOLDER PYTHON PIP-ARGUMENT...: make FOLDER and install; again only when pyproject.toml has changed.
make_venv() {
  local folder=$1 python=$2
  ! made "$@" || return 0
  shift 2
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    fail "$python has no venv module. Install it: sudo apt install python3-venv"
  fi
  say "Making $folder with $("$python" --version) (once; a minute or a few) ..."
  [ -x "$folder/bin/python" ] || "$python" -m venv "$folder" || fail "could not make $folder"
  "$folder/bin/python" -m pip install --disable-pip-version-check --quiet --upgrade pip ||
    fail "pip could not reach the package index: connect to the internet once and try again"
  "$folder/bin/python" -m pip install --disable-pip-version-check --progress-bar on "$@" >&2 ||
    fail "pip could not install: $*"
  stamp_of "$python" "$@" > "$folder/.fermon-stamp"
}

# make_lock_tool: the program that chooses releases, in .venv-lock. Its release decides what deploy/lock.sh writes.
make_lock_tool() { make_venv .venv-lock "$python" 'uv==0.13.9'; }

python=$(find_python) || fail "needs Python 3.11, 3.12 or 3.13. Install it: sudo apt install python3 python3-venv"
