#!/usr/bin/env bash
# Builds fermon as a Debian package with all its wheels inside: fermon_VERSION_ARCHITECTURE.deb in the current folder.
#
#   deploy/build-deb.sh [ARCHITECTURE [PYTHON [WHEELS]]]   amd64 or arm64 (default: ours); 3.11 for Debian 12 (default),
#                                                          3.13 for 13; WHEELS: a folder that deploy/wheels.sh filled
#
# Installing it (sudo apt install ./fermon_*.deb) needs no network but apt's: the environment is made from those wheels.
set -euo pipefail
deploy=$(cd "$(dirname "$0")" && pwd)
architecture=${1:-$(dpkg --print-architecture)} version=${2:-3.11}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
tree=$work/tree share=$work/tree/usr/share/fermon
mkdir -p "$share" "$tree/DEBIAN"
if [ -n "${3:-}" ]; then
  cp -r "$3" "$share/wheels"
else
  "$deploy/wheels.sh" "$share/wheels" "$architecture" "$version"
fi
release=$(basename "$share"/wheels/fermon-*.whl | cut -d- -f2)
recommends=
[ "$version" != 3.13 ] || recommends=$'Recommends: python3-lgpio\n' # no wheel; Raspberry Pi OS has it, plain Debian not
next=${version%.*}.$((${version#*.} + 1))

install -D -m 755 "$deploy/install.sh" "$share/install.sh"
install -D -m 644 "$deploy/constraints-$version.txt" "$share/constraints-$version.txt"
install -D -m 644 "$deploy/fermon.service" "$tree/usr/lib/systemd/system/fermon.service"
install -D -m 644 "$deploy/fermon.sysusers" "$tree/usr/lib/sysusers.d/fermon.conf"
install -D -m 644 "$deploy/fermon.modules" "$tree/usr/lib/modules-load.d/fermon.conf"
install -D -m 644 "$deploy/70-fermon.rules" "$tree/usr/lib/udev/rules.d/70-fermon.rules"
install -D -m 644 "$deploy/fermon.toml" "$tree/etc/fermon/fermon.toml"
install -D -m 644 "$deploy/../README.md" "$tree/usr/share/doc/fermon/README.md"
install -D -m 644 "$deploy/../LICENSE" "$tree/usr/share/doc/fermon/copyright"
mkdir -p "$tree/usr/bin"
ln -s /opt/fermon/bin/fermon "$tree/usr/bin/fermon"
echo /etc/fermon/fermon.toml > "$tree/DEBIAN/conffiles"
cat > "$tree/DEBIAN/control" <<C
Package: fermon
Version: $release
Architecture: $architecture
Maintainer: The fermon maintainers <maintainers@fermon.invalid>
Depends: python3 (>= $version), python3 (<< $next), python3-venv, python3-systemd, systemd, udev
${recommends}Suggests: python3-picamera2
Installed-Size: $(du -sk "$tree" | cut -f1)
Section: utils
Priority: optional
Description: in-vehicle driver monitor
 Watches the driver through a dashboard camera and warns of microsleep, drowsiness and a long angry expression by lamp,
 buzzer, CAN and serial port.
C
cat > "$tree/DEBIAN/postinst" <<'C'
#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
systemd-sysusers /usr/lib/sysusers.d/fermon.conf
install -d -o fermon -g fermon -m 750 /var/lib/fermon
/usr/share/fermon/install.sh --venv-only --wheels /usr/share/fermon/wheels
systemctl --quiet enable fermon.service
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl restart systemd-modules-load.service || true
  udevadm control --reload && udevadm trigger --action=change --subsystem-match=gpio && udevadm settle --timeout=5
  systemctl restart fermon.service || echo "fermon did not start; the reason: journalctl -u fermon -n 30" >&2
fi
C
cat > "$tree/DEBIAN/prerm" <<'C'
#!/bin/sh
set -e
[ "$1" = remove ] || exit 0
[ ! -d /run/systemd/system ] || systemctl --quiet disable --now fermon.service || true
rm -f /etc/systemd/system/multi-user.target.wants/fermon.service
C
cat > "$tree/DEBIAN/postrm" <<'C'
#!/bin/sh
set -e
case $1 in
  remove) rm -rf /opt/fermon ;;
  purge)
    rm -rf /opt/fermon /etc/fermon /var/lib/fermon
    ! id fermon > /dev/null 2>&1 || userdel fermon
    ;;
esac
[ ! -d /run/systemd/system ] || systemctl daemon-reload
C
chmod 755 "$tree"/DEBIAN/{postinst,prerm,postrm}
dpkg-deb --root-owner-group -Znone --build "$tree" "fermon_${release}_${architecture}.deb"
