#!/usr/bin/env bash
# Collects fermon and all it needs as wheels, for installing without a network: deploy/install.sh --wheels FOLDER
#
#   deploy/wheels.sh FOLDER [ARCHITECTURE [PYTHON]]     amd64 or arm64 (default: ours); 3.11 (default) or 3.13
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1 architecture=${2:-$(dpkg --print-architecture)} version=${3:-3.11}
case $architecture in
  amd64) machine=x86_64 ;;
  arm64) machine=aarch64 ;;
  *) echo "wheels.sh: found architecture '$architecture', expected amd64 or arm64" >&2; exit 2 ;;
esac
python=${PYTHON:-python3}
mkdir -p "$folder"
# pip takes only the very tags that it is given: every glibc up to Debian 12's (2.36).
platforms=(--platform "manylinux2014_$machine" --platform "linux_$machine")
for minor in $(seq 5 36); do
  platforms+=(--platform "manylinux_2_${minor}_$machine")
done
pins=()
[ "$version" != 3.11 ] || pins=('numpy<2') # as in install.sh
rm -f "$folder"/fermon-*.whl
"$python" -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir "$folder" "$here/.."
wheel=$(echo "$folder"/fermon-*.whl)
wanted=("$wheel[pi]")
# pip judges "python_version < 3.13" by its own Python, and there is no lgpio for 3.13: it comes from apt there.
[ "$version" != 3.13 ] || wanted=("$wheel[serial,can]" 'gpiozero>=2.0.1')
"$python" -m pip --disable-pip-version-check download --quiet --dest "$folder" --only-binary ':all:' --find-links "$folder" \
  --implementation cp --python-version "$version" --abi "cp${version/./}" --abi abi3 --abi none "${platforms[@]}" \
  "${wanted[@]}" ${pins[@]+"${pins[@]}"}
