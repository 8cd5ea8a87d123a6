#!/usr/bin/env bash
# Installs fermon as a service, or brings an installation up to date. Safe to run again.
#
#   sudo ./deploy/install.sh               install or update, enable, start
#   sudo ./deploy/install.sh --uninstall   remove it; --purge also removes configuration, sessions and user
#   options: --dry-run (print, change nothing), --wheels FOLDER (no network: packages from deploy/wheels.sh),
#            --driver left|right (the side of the camera's picture that the driver is on; asked for on a terminal),
#            --no-start (for images), --venv-only (what the Debian package calls),
#            --root FOLDER (everything below FOLDER, no apt, no service started: to look at it; needs no root)
#
# Raspberry Pi OS or Debian, 12 or 13, 64 bit. Environment: /opt/fermon; configuration: /etc/fermon/fermon.toml (kept).
# What comes from the package index is exactly what deploy/constraints-3.1?.txt names, or nothing is installed.
set -euo pipefail
umask 022
deploy=$(cd "$(dirname "$0")" && pwd)
action=install dry=no start=yes purge=no wheels= root= driver=
unset "${!PYTHON@}" # no PYTHONPATH of whoever calls; and -I below: nothing of the current folder

fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
say() { printf '== %s\n' "$*"; }
run() {
  if [ $dry = yes ]; then
    printf '  %s\n' "$*"
  else
    "$@"
  fi
}

while [ $# -gt 0 ]; do
  case $1 in
    --uninstall) action=uninstall ;;
    --venv-only) action=venv ;;
    --purge) purge=yes ;;
    --dry-run) dry=yes ;;
    --no-start) start=no ;;
    --wheels)
      [ -d "${2:-}" ] || fail "--wheels: no folder '${2:-}'; make one with deploy/wheels.sh"
      wheels=$(cd "$2" && pwd)
      shift
      ;;
    --driver)
      case ${2:-} in left | right) driver=$2 ;; *) fail "--driver: found '${2:-}', expected left or right" ;; esac
      shift
      ;;
    --root)
      mkdir -p "${2:?--root: no folder}"
      root=$(cd "$2" && pwd)
      shift
      ;;
    -h | --help) sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"; exit 0 ;;
    *) fail "unknown option '$1'; see --help" ;;
  esac
  shift
done
[ $dry = yes ] || [ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "needs root: sudo $0"
[ "$root" != / ] || fail "--root: found /, expected a folder"
venv=$root/opt/fermon config=$root/etc/fermon/fermon.toml constraints=

# Whether systemd runs here and shall know; not so in a chroot, where an image is being made.
booted() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

check_system() {
  [ "$(getconf LONG_BIT)" = 64 ] || fail "found a 32-bit system, expected 64 bit: the networks' runtime has no 32-bit wheels"
  python=/usr/bin/python3
  version=$($python -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || fail "no $python: sudo apt install python3"
  case $version in
    3.11 | 3.12 | 3.13) ;;
    *) fail "found Python $version, expected 3.11 to 3.13 (Debian 12 or 13)" ;;
  esac
  constraints=$deploy/constraints-$version.txt
}

is_pi() { grep -qs 'Raspberry Pi' /proc/device-tree/model; }
offered() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'; }
has() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

apt_packages() {
  [ -z "$root" ] || return 0
  local package missing=() wanted=(python3-venv python3-systemd)
  ! is_pi || wanted+=(python3-picamera2)
  # lgpio has no wheel for Python 3.13; Raspberry Pi OS has it as a package, plain Debian has not.
  [ "$version" != 3.13 ] || ! offered python3-lgpio || wanted+=(python3-lgpio)
  for package in "${wanted[@]}"; do
    has "$package" || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  say "apt: ${missing[*]}"
  run env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

make_venv() {
  say "Python $version environment in $venv (sees apt's packages)"
  [ "$("$venv/bin/python" -I -c 'import sys, pip; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$version" ] ||
    run "$python" -I -m venv --clear --system-site-packages "$venv" # also where the system's Python has been replaced
}

install_packages() {
  local pip=("$venv/bin/python" -I -m pip --disable-pip-version-check install --quiet --only-binary ':all:')
  local own=$wheels index=(--no-index --find-links "$wheels")
  if [ -z "$wheels" ]; then
    own=$venv/build index=()
    run "$deploy/build-wheel.sh" "$own" "$python"
  fi
  run "${pip[@]}" ${index[@]+"${index[@]}"} --require-hashes --requirement "$constraints"
  # The version may be the same, the content not. No hash: it is this checkout's, or came with the wheels.
  run "${pip[@]}" --no-index --find-links "$own" --force-reinstall --no-deps fermon
  [ -n "$wheels" ] || run rm -r "$own"
}

# Every library is imported once, so that a binary that does not fit is found here and not in the car.
prove() {
  say "Proving by import"
  run "$venv/bin/python" -I - <<'P'
import importlib, importlib.util, sys
wanted = ["numpy", "cv2", "ai_edge_litert.interpreter", "gpiozero", "serial", "can", "cantools", "fermon.cli"]
wanted += [name for name in ("lgpio", "systemd.daemon", "picamera2") if importlib.util.find_spec(name.split(".")[0])]
if "lgpio" not in wanted:
    print("   no lgpio for this Python: [outputs.gpio] cannot be used; on a Pi: apt install python3-lgpio")
failed = []
for name in wanted:
    try:
        module = importlib.import_module(name)
    except Exception as error:
        failed.append(f"{name}: {type(error).__name__}: {error}")
    else:
        print(f"   {name} {getattr(module, '__version__', '')} {'' if module.__file__.startswith(sys.prefix) else '(apt)'}")
if failed:
    sys.exit("install.sh: cannot be imported: " + "; ".join(failed))
P
}

install_files() {
  say "user fermon, groups, kernel modules, udev rules, configuration, unit"
  run install -D -m 644 "$deploy/fermon.sysusers" "$root/etc/sysusers.d/fermon.conf"
  [ -n "$root" ] || run systemd-sysusers /etc/sysusers.d/fermon.conf
  run install -D -m 644 "$deploy/fermon.modules" "$root/etc/modules-load.d/fermon.conf"
  run install -D -m 644 "$deploy/70-fermon.rules" "$root/etc/udev/rules.d/70-fermon.rules"
  [ -n "$root" ] || run install -d -o fermon -g fermon -m 750 /var/lib/fermon # in FOLDER systemd will make it
  run install -d "$root/usr/local/bin"
  run ln -sfn "$venv/bin/fermon" "$root/usr/local/bin/fermon"
  if [ -e "$config" ]; then
    echo "   $config is kept"
  else
    run install -D -m 644 "$deploy/fermon.toml" "$config"
    set_driver
  fi
  run install -D -m 644 "$deploy/fermon.service" "$root/etc/systemd/system/fermon.service"
}

# Who the driver is of two people in the picture must be known in a vehicle: the larger face may be the passenger's.
set_driver() {
  if [ -z "$driver" ] && [ -t 0 ] && [ -t 1 ]; then
    read -r -p "   Which side of the camera's picture is the driver on, left or right? (Enter: decide later) " driver || true
  fi
  case $driver in
    left | right) run sed -i "s/^driver = \"largest\"/driver = \"$driver\"/" "$config" ;;
    *) echo "   set perception.face.driver in $config to \"left\" or \"right\": until then the largest face is the driver's" ;;
  esac
}

activate() {
  run systemctl --quiet ${root:+--root "$root"} enable fermon.service
  if ! booted || [ $start = no ]; then
    say "Enabled; it starts with the next boot"
    return
  fi
  run systemctl daemon-reload
  run systemctl restart systemd-modules-load.service || true
  run udevadm control --reload
  run udevadm trigger --action=change --subsystem-match=gpio
  run udevadm settle --timeout=5
  if ! run "$venv/bin/python" -I -m fermon --config "$config" --check-config; then
    fail "installed, but not started: mend $config, then: sudo systemctl restart fermon"
  fi
  say "Starting"
  run systemctl reset-failed fermon.service 2>/dev/null || true
  run systemctl restart fermon.service || fail "did not start; the reason: journalctl -u fermon -n 30"
  echo "   active. See: systemctl status fermon; journalctl -fu fermon; sudo fermon doctor --config $config"
}

uninstall() {
  say "Removing fermon"
  ! booted || run systemctl --quiet disable --now fermon.service || true
  run rm -rf "$venv" "$root"/etc/systemd/system/{,multi-user.target.wants/}fermon.service "$root/usr/local/bin/fermon" \
    "$root"/etc/{sysusers.d/fermon.conf,modules-load.d/fermon.conf,udev/rules.d/70-fermon.rules}
  if [ $purge = yes ]; then
    run rm -rf "$root"/etc/fermon "$root/var/lib/fermon" "$root/etc/systemd/system/fermon.service.d"
    [ -n "$root" ] || ! id fermon > /dev/null 2>&1 || run userdel fermon
  else
    echo "   kept: $config, $root/var/lib/fermon, user fermon (--purge removes them)"
  fi
  ! booted || run systemctl daemon-reload
}

case $action in
  uninstall) uninstall ;;
  venv) check_system; make_venv; install_packages; prove ;;
  install) check_system; apt_packages; make_venv; install_packages; prove; install_files; activate ;;
esac
