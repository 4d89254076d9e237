#!/usr/bin/env bash
# deploy/docker/keys as the tools image holds it: each service gets its own files, those that may be absent are there and
# empty, and a change of the audit log's key reaches the audit service and the operator.
#
#   keys_test.sh BUILD_DIR
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$1/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "deploy/docker/keys: $1" >&2 && exit 1; }

mkdir -p "$work/deploy/tls" "$work"/keys/{root,scheduling,screening,inventory,audit,operator}
cp deploy/docker/keys "$work/deploy/"
cp deploy/tls/make "$work/deploy/tls/"
keys=$work/keys
suite=$keys/root/suite
run() { "$work/deploy/keys" --volumes "$keys" "$@" >"$work/log" 2>&1 || { cat "$work/log"; fail "it failed"; }; }
same() { cmp -s "$1" "$2" || fail "$2 is not $1"; }
empty() { [ -f "$1" ] && [ ! -s "$1" ] || fail "$1 is not there, or not empty"; }

run
same "$suite/audit-log.key" "$keys/audit/audit-log.key"
empty "$keys/audit/audit-log.previous.key"
empty "$keys/audit/witnesses.txt"
for file in "$suite"/*.key "$suite"/token_key.pem "$keys"/root/tls/ca.key; do
  for other in scheduling screening inventory operator; do
    case ${file##*/}-$other in offer.key-scheduling | token_key.pem-operator) continue ;; esac
    [ ! -e "$keys/$other/${file##*/}" ] || fail "$other holds ${file##*/}"
  done
done
run
! grep "handed out" "$work/log" || fail "a second run hands something out"

mesoctl admin witness-key north.example/witness -o "$work/north.key" >/dev/null 2>&1
cat "$work/north.key.pub" >>"$suite/witnesses.txt"
run
same "$work/north.key.pub" "$keys/audit/witnesses.txt"

# What a change that was interrupted at once leaves: the key before is the key itself, which meso-audit refuses.
cp "$suite/audit-log.key" "$suite/audit-log.previous.key"
run
empty "$keys/audit/audit-log.previous.key"

cp "$suite/audit-log.key" "$work/before.key"
cp "$suite/audit-log.pub" "$work/before.pub"
mesoctl admin log-key rotate --keys "$suite" >/dev/null 2>&1
run
! cmp -s "$work/before.key" "$keys/audit/audit-log.key" || fail "the key is not changed"
same "$suite/audit-log.key" "$keys/audit/audit-log.key"
same "$work/before.key" "$keys/audit/audit-log.previous.key"
same "$suite/audit-log.pub" "$keys/operator/audit-log.pub"
same "$work/before.pub" "$keys/operator/audit-log.previous.pub"
[ "$(grep -n previous.key "$work/log" | cut -d: -f1)" -lt "$(grep -n 'audit/audit-log.key' "$work/log" | cut -d: -f1)" ] ||
  fail "the new key is handed out before the one before it"
rm "$suite/audit-log.previous.key"
run
empty "$keys/audit/audit-log.previous.key"
same "$work/before.pub" "$keys/operator/audit-log.previous.pub"
for file in "$keys"/audit/*.key; do
  [ "$(stat -c %a "$file")" = 600 ] || fail "$file can be read by others"
done

status=0
"$work/deploy/keys" --volume x >"$work/log" 2>&1 || status=$?
[ "$status" -eq 2 ] || fail "a wrong argument is not refused"
echo "deploy/docker/keys hands out what it should"
