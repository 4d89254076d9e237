#!/usr/bin/env bash
# The image's build stage copies everything the build reads: what it copies is laid out here and configured, and every file ninja says it
# would read is looked for. Compiling it is deploy/docker/try's part.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The COPY lines of the first stage: sources, then one destination.
while read -ra words; do
  target=$work/${words[-1]}
  case ${words[-1]} in
    */) mkdir -p "$target" ;;
  esac
  for source in "${words[@]:0:${#words[@]}-1}"; do
    if [ -d "$source" ]; then cp -R "$source"/. "$target"; else cp "$source" "$target"; fi
  done
done < <(sed -n '/ AS build$/,/^FROM .* AS base$/s/^COPY //p' deploy/Dockerfile)
[ -f "$work/CMakeLists.txt" ] || { echo "no COPY line was understood" >&2 && exit 1; }
cd "$work"
cmake --preset release >configure.log 2>&1 || { cat configure.log && exit 1; }
ninja -C build/release -t inputs all | grep -F "$work/" | grep -vF "$work/build/" >inputs
while read -r input; do
  [ -e "$input" ] || { echo "${input#"$work"/} is not copied into the image's build stage" >&2 && exit 1; }
done <inputs
echo "$(wc -l <inputs) files are read, and all are copied"
