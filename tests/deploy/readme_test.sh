#!/usr/bin/env bash
# Runs the README's command blocks against a suite that deploy/up has started, as a reader would, with the addresses and the
# directories of this run put in:
#
#   readme_test.sh BUILD_DIR
#
# A block this script does not know fails it: whoever adds one says here how it is tried. deploy/up itself is the first block;
# tests/run is what runs this.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
state=$(mktemp -d /tmp/meso-rd.XXXXXX)
log=$state/up.log
deploy/up --state "$state/s" --ports=auto --build_dir "$build" --chain small >"$log" 2>&1 &
up=$!
trap 'kill -TERM "$up" 2>/dev/null; wait "$up"; rm -rf "$state"' EXIT
until grep -q "It stays up" "$log"; do
  kill -0 "$up" 2>/dev/null || { cat "$log"; echo "deploy/up ended" >&2; exit 1; }
  sleep 0.1
done
address() { awk -v name="$1" '$1 == name && $2 ~ /^127/ {print $2; exit}' "$log"; }
buf=$PWD/build/buf/node_modules/.bin/buf

# The block as it stands, with what differs here.
here() {
  local block=$1 name
  for name in scheduling:7101 screening:7102 inventory:7103 audit:7104; do
    block=${block//127.0.0.1:${name#*:}/$(address "${name%:*}")}
  done
  block=${block//\~\/.local\/state\/meso/$state/s}
  block=${block//build\/release/$build}
  printf '%s' "$block"
}
try() {
  local block=$1 output
  echo "--- $block"
  case $block in
    tests/run* | deploy/up*) return ;;
    # Configured as it stands, but not built once more.
    "cmake --preset bench && "*meso-bench*)
      block="cmake --preset bench -B $state/bench && $build/tests/meso-bench --scenario=empty --calls=20 --callers=1" ;;
    "buf curl"* | "npx buf curl"*)
      if [ ! -x "$buf" ]; then
        [ -z "${MESO_WITH_BUF:-}" ] || { echo "buf is not installed in build/buf" >&2; exit 1; }
        skipped=" (without buf, which .ci/lint installs)"
        return
      fi
      block=${block#npx }
      block=${block/buf curl/$buf curl}
      ;;
    *mesoctl*) block="export MESO_SCHEDULING_ADDRESS=$(address scheduling) MESO_SCREENING_ADDRESS=$(address screening) \
MESO_INVENTORY_ADDRESS=$(address inventory) MESO_AUDIT_ADDRESS=$(address audit); $block" ;;
    "python3 deploy/examples/"* | deploy/examples/*) ;;
    *) echo "readme_test.sh does not know how to try this block" >&2; exit 1 ;;
  esac
  output=$(bash -euo pipefail -c "$(here "$block")" 2>&1) || { echo "$output"; echo "the block failed" >&2; exit 1; }
  [ -n "$output" ] || { echo "the block printed nothing" >&2; exit 1; }
}
blocks=0
skipped=
block=
inside=
while IFS= read -r line; do
  if [ -z "$inside" ]; then
    [ "$line" != '```sh' ] || { inside=1; block=; }
  elif [ "$line" = '```' ]; then
    inside=
    blocks=$((blocks + 1))
    try "${block%$'\n'}"
  else
    block+=$line$'\n'
  fi
done <README.md
echo "$blocks blocks tried$skipped"
[ "$blocks" -ge 5 ]
