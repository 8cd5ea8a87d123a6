#!/usr/bin/env bash
# Collects fermon and all it needs as wheels, for installing without a network: deploy/install.sh --wheels FOLDER
#
#   deploy/wheels.sh FOLDER [ARCHITECTURE [PYTHON]]     amd64 or arm64 (default: ours); 3.11 (default), 3.12 or 3.13
#
# Which releases: constraints-PYTHON.txt, with the hash of every file. Wheels of other releases in FOLDER are removed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1 architecture=${2:-$(dpkg --print-architecture)} version=${3:-3.11}
case $architecture in
  amd64) machine=x86_64 ;;
  arm64) machine=aarch64 ;;
  *) echo "wheels.sh: found architecture '$architecture', expected amd64 or arm64" >&2; exit 2 ;;
esac
constraints=$here/constraints-$version.txt
[ -e "$constraints" ] || { echo "wheels.sh: found Python '$version', expected 3.11, 3.12 or 3.13" >&2; exit 2; }
python=${PYTHON:-python3}
mkdir -p "$folder"
# pip takes only the very tags that it is given: every glibc up to Debian 12's (2.36).
platforms=(--platform "manylinux2014_$machine" --platform "linux_$machine")
for minor in $(seq 5 36); do
  platforms+=(--platform "manylinux_2_${minor}_$machine")
done
new=$folder/new
rm -rf "$new"
"$python" -I -m pip --disable-pip-version-check download --quiet --dest "$new" --only-binary ':all:' --find-links "$folder" \
  --implementation cp --python-version "$version" --abi "cp${version/./}" --abi abi3 --abi none "${platforms[@]}" \
  --no-deps --require-hashes --requirement "$constraints"
"$here/build-wheel.sh" "$new" "$python"
rm -f "$folder"/*.whl
mv "$new"/*.whl "$folder"
rmdir "$new"
