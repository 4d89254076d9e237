#!/usr/bin/env bash
# What must be true of every container of docker-compose.yml, and needs no container engine to be seen. deploy/docker/try
# runs the file.
set -euo pipefail
cd "$(dirname "$0")/../.."
file=docker-compose.yml
fail() { echo "$file: $1" >&2 && exit 1; }

# count PATTERN WANTED WHAT
count() {
  local found
  found=$(grep -cE "$1" "$file" || true)
  [ "$found" -eq "$2" ] || fail "$3: $found, not $2"
}
# One for the four services together, and one for each of keys, redis, tools and backup.
for key in mem_limit cpus pids_limit read_only cap_drop security_opt; do count "^ +$key:" 5 "$key"; done
for number in 1 2 3 4; do
  count "^ +- --listen=0\.0\.0\.0:710$number$" 1 "the service's port"
  count "^ +- --admin_tls_listen=0\.0\.0\.0:730$number$" 1 "the port of its metrics"
  count "^ +ports: \[\"\\$\{MESO_BIND:-127\.0\.0\.1\}:710$number:710$number\", \"\\$\{MESO_BIND:-127\.0\.0\.1\}:730$number:730$number\"\]$" \
    1 "both ports published where MESO_BIND says"
done
count '^ +- --previous_log_key_file=/keys/audit-log\.previous\.key$' 1 "the log's key before"
count '^ +- --witness_keys_file=/keys/witnesses\.txt$' 1 "the keys of the log's witnesses"
count 'allocation_horizon_days=\$\{MESO_ALLOCATION_HORIZON_DAYS:-31\}$' 1 "the horizon the demo chain needs"
echo "$file: limits, ports and the horizon are as they should be"
