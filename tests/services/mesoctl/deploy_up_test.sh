#!/usr/bin/env bash
# deploy/up as a user runs it, with the programs of a build directory and a state directory of its own:
#
#   deploy_up_test.sh BUILD_DIR OFFSET     the story passes with everybody's clock moved by OFFSET hours
#   deploy_up_test.sh BUILD_DIR again      and again, half a day later, on the database it was played on before
#   deploy_up_test.sh BUILD_DIR full       the story passes with the full chain, whose sessions are all booked, and
#                                          again half a day later, when nothing is left to be loaded
#   deploy_up_test.sh BUILD_DIR reset      --reset begins anew, but not under a running suite, and not in what is no demo
#   deploy_up_test.sh BUILD_DIR changing   the log's key is changed between two runs, in one an interrupted change is found, and
#                                          a witness that was added cosigns
#   deploy_up_test.sh BUILD_DIR staying    it stays up, the calls it prints work, and Ctrl-C stops it cleanly
#   deploy_up_test.sh BUILD_DIR failing    a step that fails ends it non-zero, is named, and leaves nothing running
#   deploy_up_test.sh BUILD_DIR refusing   a wrong argument is refused before anything is built, started or written
#   deploy_up_test.sh BUILD_DIR full_disk  on a full disk it says what was to be written, and what to do
set -euo pipefail
cd "$(dirname "$0")/../../.."
build=$1
mode=$2
# Short: a unix socket's path lies below it.
state=$(mktemp -d /tmp/meso-up.XXXXXX)
trap 'rm -rf "$state"' EXIT

play() {
  local offset=$1 log=$state/up.log
  shift
  if ! deploy/up --once --state "$state/s" --ports=auto --build_dir "$build" --clock_offset "$offset" --chain small "$@" \
    >"$log" 2>&1; then
    cat "$log"
    echo "deploy/up failed with the clock moved by $offset" >&2
    exit 1
  fi
  for chapter in 1 2 3 4 5 6 7 8; do
    grep -q "^── $chapter  " "$log" || { cat "$log"; echo "chapter $chapter is missing" >&2; exit 1; }
  done
  tail -n 1 "$log"
}
nothing_runs() {
  local left
  left=$(while read -r process; do kill -0 "$process" 2>/dev/null && echo "$process"; done <"$1" || true)
  [ -z "$left" ] || { echo "still running: $left" >&2; exit 1; }
}

case $mode in
  again)
    play 0h
    play 13h
    ;;
  full)
    play 0h --chain full
    grep -q "5 sites, 12 practitioners" "$state/up.log"
    tests/deploy/recording.py deploy/up.cast "$state/up.log"
    if grep -q "sessions are left out" "$state/up.log"; then cat "$state/up.log"; exit 1; fi
    play 13h --chain full
    sessions=$(sed -n 's/^   booked sessions *\([0-9]*\) in.*/\1/p' "$state/up.log")
    tr -s ' \n' ' ' <"$state/up.log" | grep -q "($sessions were there already)" || { cat "$state/up.log"; exit 1; }
    ;;
  reset)
    refused() {
      if deploy/up --once --reset --state "$1" --ports=auto --build_dir "$build" --chain small >"$state/reset.log" 2>&1; then
        echo "deploy/up --reset did not refuse: $2" >&2
        exit 1
      fi
      grep -q "$2" "$state/reset.log" || { cat "$state/reset.log"; exit 1; }
    }
    mkdir -p "$state/other/data"
    echo mine >"$state/other/data/thesis"
    refused "$state/other" "this is no demo, nothing was removed"
    grep -q mine "$state/other/data/thesis"
    play 0h
    key=$(cat "$state/s/keys/audit-log.pub")
    (
      flock 9
      refused "$state/s" "another deploy/up uses it"
      if "$build/bin/mesoctl" demo reset --state "$state/s" 2>"$state/reset.log"; then
        echo "mesoctl demo reset did not refuse" >&2
        exit 1
      fi
      grep -q "a deploy/up uses" "$state/reset.log"
    ) 9>"$state/s/lock"
    [ "$key" = "$(cat "$state/s/keys/audit-log.pub")" ]
    play 0h --reset
    [ "$key" != "$(cat "$state/s/keys/audit-log.pub")" ]
    # The same without building or starting anything.
    "$build/bin/mesoctl" demo reset --state "$state/s" >/dev/null
    [ "$(ls -A "$state/s")" = lock ] || { ls -A "$state/s"; exit 1; }
    ;;
  changing)
    mesoctl=$build/bin/mesoctl
    keys=$state/s/keys
    play 0h
    before=$(cat "$keys/audit-log.pub")
    # Killed at once: the key before is the key itself. Then the whole change.
    cp "$keys/audit-log.key" "$keys/audit-log.previous.key"
    play 1h
    "$mesoctl" admin log-key rotate --keys "$keys" >/dev/null 2>&1
    [ "$before" != "$(cat "$keys/audit-log.pub")" ]
    "$mesoctl" admin witness-key north.example/witness -o "$state/north.key" >/dev/null 2>&1
    cat "$state/north.key.pub" >>"$keys/witnesses.txt"
    log=$state/up.log
    deploy/up --state "$state/s" --ports=auto --build_dir "$build" --clock_offset 2h --chain small >"$log" 2>&1 &
    up=$!
    trap 'kill -TERM "$up" 2>/dev/null; wait "$up"; rm -rf "$state"' EXIT
    until grep -q "It stays up" "$log"; do
      kill -0 "$up" 2>/dev/null || { cat "$log"; echo "deploy/up ended" >&2; exit 1; }
      sleep 0.1
    done
    address=$(awk '$1 == "audit" && $2 ~ /^127/ {print $2; exit}' "$log")
    "$mesoctl" admin token --keys "$keys" --subject users/north --role witness --ttl 744h -o "$state/north.token" --clock_offset 2h >/dev/null
    # With the old public key or the new one: checkpoints carry both signatures.
    for key in audit-log.previous.pub audit-log.pub; do
      "$mesoctl" audit witness run --once --key "$state/north.key" --state "$state/$key" --log_key "$keys/$key" --trust_first \
        --token_file "$state/north.token" --audit_address "$address" --clock_offset 2h | tee -a "$state/witness"
    done
    grep -q "^cosigned " "$state/witness"
    ;;
  staying)
    log=$state/up.log
    deploy/up --state "$state/s" --ports=auto --build_dir "$build" --chain small >"$log" 2>&1 &
    up=$!
    trap 'kill -TERM "$up" 2>/dev/null; wait "$up"; rm -rf "$state"' EXIT
    until grep -q "It stays up" "$log"; do
      kill -0 "$up" 2>/dev/null || { cat "$log"; echo "deploy/up ended" >&2; exit 1; }
      sleep 0.1
    done
    eval "$(grep -m 1 '^ *deploy/examples/python/first_call.py ' "$log")" | tee "$state/sites"
    grep -q "^sites/syd-1 .*Australia/Sydney" "$state/sites"
    # A first booking needs nothing but a token; the second run of it gives the same appointment.
    for run in first second; do
      eval "$(grep -m 1 '^ *deploy/examples/python/book.py ' "$log") --journal '$state/booking.json'" |
        grep '^booked sites/par-1/appointments/' | tee "$state/$run"
    done
    cmp "$state/first" "$state/second"
    # What an integrator reads next is there, and buf is called as npm has installed it.
    guide=$(grep -o 'deploy/examples/README.md' "$log")
    [ -f "$guide" ]
    grep -q '^ *npx buf curl --timeout 5s ' "$log"
    PATH=$build/bin:$PATH
    eval "$(grep -A 1 '^ *mesoctl --scheduling_address ' "$log")" >"$state/appointments"
    grep -q '"STATE_COMPLETED"' "$state/appointments"
    cp "$state/s/pids" "$state/pids"
    # A script's background children ignore SIGINT; SIGTERM takes the same way.
    kill -TERM "$up"
    status=0
    wait "$up" || status=$?
    tail -n 2 "$log"
    [ "$status" -eq 0 ] || { echo "exit status $status instead of 0" >&2; exit 1; }
    nothing_runs "$state/pids"
    trap 'rm -rf "$state"' EXIT
    ;;
  failing)
    # The audit log's key is damaged: the audit service does not start.
    mkdir -p "$state/s/keys"
    chmod 700 "$state/s/keys"
    "$build/bin/mesoctl" admin init "$state/s/keys" >/dev/null 2>&1
    echo "not a key" >"$state/s/keys/audit-log.key"
    status=0
    deploy/up --once --state "$state/s" --ports=auto --build_dir "$build" >"$state/up.log" 2>&1 || status=$?
    cat "$state/up.log"
    [ "$status" -eq 1 ] || { echo "exit status $status instead of 1" >&2; exit 1; }
    grep -q "deploy/up: failed while starting the services: meso-audit ended" "$state/up.log"
    [ ! -e "$state/s/pids" ] || nothing_runs "$state/s/pids"
    ;;
  refusing)
    refused() {
      local says=$1 status=0
      shift
      deploy/up --state "$state/s" --build_dir "$build" --ports=auto --once "$@" >"$state/up.log" 2>&1 || status=$?
      [ "$status" -eq 2 ] && [ "$(wc -l <"$state/up.log")" -eq 1 ] && grep -qF "deploy/up: $says" "$state/up.log" &&
        [ ! -e "$state/s" ] || { cat "$state/up.log"; echo "exit status $status; wanted: $says" >&2; exit 1; }
    }
    refused "--build_dir=/nope is no directory" --build_dir /nope
    refused "--chain=middle: it is full or small" --chain middle
    refused "--seed=x1: write a whole number" --seed=x1
    refused "--start_date=2026-02-30: write a date" --start_date 2026-02-30
    refused "--start_date=tomorrow: write a date" --start_date tomorrow
    refused "--clock_offset=9: write a duration" --clock_offset 9
    for ports in some default 80 65432 7100x 099999; do
      refused "--ports=$ports: it is auto, or the number before the first port" --ports "$ports"
    done
    refused "--state is empty" --state ""
    refused "--seed needs a value" --seed
    ;;
  full_disk)
    if [ -z "${OWN_MOUNTS:-}" ]; then
      tests/support/with_own_mounts "$PWD/tests/services/mesoctl/deploy_up_test.sh" "$build" full_disk
      exit
    fi
    mkdir "$state/disk"
    mount -t tmpfs -o size=1m tmpfs "$state/disk"
    dd if=/dev/zero of="$state/disk/filling" bs=4k 2>/dev/null || true
    status=0
    deploy/up --once --state "$state/disk/s" --ports=auto --build_dir "$build" >"$state/up.log" 2>&1 || status=$?
    cat "$state/up.log"
    [ "$status" -eq 1 ] || { echo "exit status $status instead of 1" >&2; exit 1; }
    grep -q "^  | .*No space left on device" "$state/up.log"
    grep -q "deploy/up: failed while preparing the state directory $state/disk/s: mesoctl admin init made no keys" "$state/up.log"
    [ "$(tail -n 1 "$state/up.log")" = "deploy/up: the disk that holds $state/disk/s is full: make room there, or name a directory elsewhere with --state, and run it again" ]
    umount "$state/disk"
    ;;
  *) play "${mode}h" ;;
esac
