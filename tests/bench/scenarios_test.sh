#!/usr/bin/env bash
# Runs the benchmark's loads of calls small and short, as it is run for the README: raw limits recorded and replayed, closed and open
# loop, a slower disk, JSON, comparison. Looks at what is measured and never at how fast it is:
#
#   scenarios_test.sh BUILD_DIR
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=$1/tests/meso-bench
dir=$(mktemp -d /tmp/meso-sc.XXXXXX)
trap 'rm -rf "$dir"' EXIT
fail() { echo "$1" >&2; exit 1; }

"$bench" --scenario=draw,book,day --calls=128 --callers=1,64 --open_share=0.5 --json="$dir/run.json" 2>"$dir/log" ||
  { tail -n 20 "$dir/log"; fail "the run failed"; }
"$bench" --scenario=draw --calls=24 --callers=4 --slow_fsync_us=20000 --json="$dir/slow.json" 2>"$dir/log" ||
  { tail -n 20 "$dir/log"; fail "the run with a slow disk failed"; }

python3 - "$dir/run.json" "$dir/slow.json" <<'CHECK'
import json
import sys

run, slow = (json.load(open(file)) for file in sys.argv[1:])


def check(good, what):
    if not good:
        sys.exit(f"{what}\n{json.dumps(run, indent=1)}\n{json.dumps(slow, indent=1)}")


cells = {cell["key"]: cell for cell in run["cells"]}
wanted = {
    "draw / DrawStock / 1": 128, "draw / DrawStock / 64": 128, "draw / DrawStock / open": 128,
    "book / BookAppointment / 1": 32, "book / BookAppointment / 64": 32, "book / BookAppointment / open": 32,
}
for key, calls in wanted.items():
    check(cells.get(key, {}).get("calls") == calls, f"{key} has not {calls} calls")
check({key.split(" / ")[-1] for key in cells if key.startswith("day")} == {"1", "64", "open"}, "the mixed day is not whole")
for key, cell in cells.items():
    check(not cell["failed"], f"calls of {key} failed")
    ordered = [cell[name] for name in ("p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms")]
    check(0 < ordered[0] and ordered == sorted(ordered), f"the percentiles of {key} are in no order")
    check((cell["due_per_second"] > 0) == key.endswith("open"), f"{key} has the wrong arrival")
    check(cell["per_second"] > 0, f"{key} has no rate")
floors = {(floor["scenario"], floor["part"]): floor for floor in run["floors"]}
for part in (("draw", "inventory alone"), ("draw", "and the log")):
    check(floors.get(part, {}).get("one_per_commit", 0) > 0, f"{part} has no raw limit")
check(sum(scenario == "book" for scenario, _ in floors) >= 4, "a booking's four databases have no raw limits")
for floor in floors.values():
    check(floor["groups_of_32"] > 0 and floor["one_per_commit"] > 0, f"an empty raw limit: {floor}")
closed = {key for key in wanted if not key.endswith("open")}
check(set(run["ratios"]) == closed and min(run["ratios"].values()) > 0, "not every closed cell has its ratio")
# A commit waits for the disk: with 20 ms more nobody commits one by one more than 50 times a second.
check(slow["slow_fsync_us"] == 20000, "the slow disk is not written down")
alone = [floor for floor in slow["floors"] if floor["part"] == "inventory alone"][0]
check(alone["one_per_commit"] < 50, "the disk was not made slower")
CHECK

# Which of the two is better is a matter of the hour; that they are compared is not.
code=0
"$bench" --scenario=draw --calls=64 --callers=64 --compare="$dir/run.json" >"$dir/compared" 2>"$dir/log" || code=$?
[ "$code" -le 1 ] || { cat "$dir/compared" "$dir/log"; fail "the comparison ended with $code"; }
grep -q '^  draw / DrawStock / 64 .*, was ' "$dir/compared" || { cat "$dir/compared"; fail "the draw was not compared"; }
code=0
"$bench" --scenario=draw --calls=64 --callers=64 --compare="$dir/slow.json" >"$dir/compared" 2>"$dir/log" || code=$?
[ "$code" = 2 ] || fail "a slow disk was compared with a fast one"
grep -q -- '--slow_fsync_us=20000' "$dir/log" || { cat "$dir/log"; fail "the refusal does not say why"; }
