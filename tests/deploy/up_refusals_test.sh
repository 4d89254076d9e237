#!/usr/bin/env bash
# What keeps deploy/up from its work once it has begun is said with the next step, and nothing is left running:
#
#   up_refusals_test.sh BUILD_DIR port        a port in use is named
#   up_refusals_test.sh BUILD_DIR full_disk   a disk that is full when services start, and one that fills while data is loaded; with room
#                                             again, the same state directory goes on to the end
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(cd "$1" && pwd)
mode=$2
# Short: a unix socket's path lies below it.
work=$(mktemp -d /tmp/meso-up.XXXXXX)
holder=
clean_up() {
  [ -z "$holder" ] || kill "$holder" 2>/dev/null || true
  umount "$work/disk" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
fail() {
  cat "$work/up.log"
  echo "$1" >&2
  exit 1
}

# up ARGUMENT...: deploy/up fails with status 1 and leaves nothing running.
up_fails() {
  local status=0 left
  deploy/up --once --build_dir "$build" --chain small "$@" >"$work/up.log" 2>&1 || status=$?
  [ "$status" -eq 1 ] || fail "exit status $status instead of 1"
  left=$(for program in redis-server meso-audit meso-inventory meso-screening meso-scheduling; do pgrep -f "^[^ ]*$program .*$work/" || true; done)
  if [ -n "$left" ]; then
    kill -KILL $left
    fail "still running: $left"
  fi
}

case $mode in
  port)
    # Somebody listens on a port the system has chosen.
    python3 -c 'import signal, socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
signal.pause()' >"$work/port" &
    holder=$!
    until [ -s "$work/port" ]; do kill -0 "$holder" || fail "no listener"; done
    port=$(cat "$work/port")
    up_fails --state "$work/s" --ports $((port - 1))
    [ "$(cat "$work/up.log")" = "deploy/up: failed while choosing ports: port $port is in use; stop what uses it, or take other ports with --ports=auto or --ports N" ] ||
      fail "it is said otherwise"
    [ ! -e "$work/s/pids" ] && [ -z "$(ls "$work/s/data" "$work/s/log" | grep -v :)" ] || fail "something was started"
    ;;
  full_disk)
    if [ -z "${OWN_MOUNTS:-}" ]; then
      tests/support/with_own_mounts "$PWD/tests/deploy/up_refusals_test.sh" "$build" full_disk
      exit
    fi
    mkdir "$work/disk"
    mount -t tmpfs -o size=64m tmpfs "$work/disk"
    # fill LEFT: all but so many kilobytes.
    fill() {
      rm -f "$work/disk/filling"
      dd if=/dev/zero of="$work/disk/filling" bs=1k count=$(($(df --output=avail "$work/disk" | tail -n 1) - $1)) 2>/dev/null
    }
    says_full() {
      [ "$(tail -n 1 "$work/up.log")" = "deploy/up: the disk that holds $work/disk/s is full: make room there, or name a directory elsewhere with --state, and run it again" ] ||
        fail "the last line does not say that the disk is full"
    }
    # Room for the keys, none for four databases.
    fill 300
    up_fails --state "$work/disk/s" --ports=auto
    says_full
    grep -qE "^deploy/up: failed while starting (the services: meso-[a-z]+|redis-server: it) ended$" "$work/up.log" || fail "the step is not named"
    # Room for those, none for the chain.
    fill 3000
    up_fails --state "$work/disk/s" --ports=auto
    says_full
    grep -q "^deploy/up: failed while loading the demo chain (chapter 1): " "$work/up.log" || fail "the step is not named"
    grep -q "STORAGE_UNAVAILABLE" "$work/up.log" || fail "what was refused is not said"
    rm "$work/disk/filling"
    deploy/up --once --build_dir "$build" --chain small --state "$work/disk/s" --ports=auto >"$work/up.log" 2>&1 || fail "with room it does not go on"
    grep -q "All eight steps done; everything is stopped" "$work/up.log" || fail "the story has no end"
    umount "$work/disk"
    ;;
  *) echo "there are port and full_disk" >&2 && exit 2 ;;
esac
echo "$mode: said with the next step, and nothing left running"
