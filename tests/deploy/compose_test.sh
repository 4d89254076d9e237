#!/usr/bin/env bash
# The values that must be right in every container of docker-compose.yml, which needs no container engine to be seen, and that a wrong one
# of each kind is found. deploy/docker/try runs the file.
set -euo pipefail
cd "$(dirname "$0")/../.."
check=tests/deploy/compose_check.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$1" >&2 && exit 1; }

python3 "$check" docker-compose.yml deploy/Dockerfile || fail "docker-compose.yml is not as it should be (above)"
# The same of what docker-compose makes of the file; 2.x writes it in another form.
if [[ $(docker-compose version --short 2>/dev/null) == 1.* ]]; then
  env -u MESO_BIND -u MESO_HOSTS -u MESO_CPUS -u MESO_ALLOCATION_HORIZON_DAYS -u MESO_LOG_NAME -u MESO_OPEN_NEW_ORIGIN \
    docker-compose --profile tools config >"$work/merged.yml"
  python3 "$check" "$work/merged.yml" deploy/Dockerfile || fail "docker-compose reads the file otherwise (above)"
fi

# finds CONTAINER WHAT SED: the change, made to the file or to the Dockerfile, is found, in that container and with those words.
planted=0
finds() {
  local container=$1 what=$2 change=$3
  sed -E "$change" docker-compose.yml >"$work/compose.yml"
  sed -E "$change" deploy/Dockerfile >"$work/Dockerfile"
  if cmp -s docker-compose.yml "$work/compose.yml" && cmp -s deploy/Dockerfile "$work/Dockerfile"; then fail "changes nothing: $change"; fi
  python3 "$check" "$work/compose.yml" "$work/Dockerfile" >"$work/said" 2>&1 && fail "this is taken for good: $change"
  grep -qF -- "$container: $what" "$work/said" || fail "$change: '$container: $what' is not in: $(cat "$work/said")"
  planted=$((planted + 1))
}
# at CONTAINER: the lines of that container, for sed.
at() { echo "/^  $1:\$/,/^\$/"; }
finds audit "read_only is 'false'" '/^x-service:/,/^$/s/read_only: true/read_only: false/'
finds audit "cap_drop is []" '/^x-service:/,/^$/s/cap_drop: \[ALL\]/cap_drop: []/'
finds audit "security_opt is None" '/^x-service:/,/^$/{/security_opt/d}'
finds scheduling "mem_limit is '100g'" '/^x-service:/,/^$/s/mem_limit: 1g/mem_limit: 100g/'
finds screening "cpus is None" '/^x-service:/,/^$/{/cpus:/d}'
finds inventory "pids_limit is '-1'" '/^x-service:/,/^$/s/pids_limit: 300/pids_limit: -1/'
finds inventory "stop_grace_period is None" '/^x-service:/,/^$/{/stop_grace_period/d}'
finds inventory "stop_grace_period is '10s'" '/^x-service:/,/^$/s/stop_grace_period: 40s/stop_grace_period: 10s/'
finds inventory "restart is 'no'" '/^x-service:/,/^$/s/restart: unless-stopped/restart: "no"/'
finds inventory "logging is {'driver': 'json-file', 'options': ''}" '/options: \{max-size/s/\{.*//'
finds redis "logging is None" "$(at redis){/logging:/d}"
finds audit "read_only is 'false'" "$(at audit)s/<<: \\*service/&\n    read_only: false/"
finds audit "cap_add is set" "$(at audit)s/<<: \\*service/&\n    cap_add: [SYS_ADMIN]/"
finds audit "it runs as 'root'" "$(at audit)s/<<: \\*service/&\n    user: root/"
finds scheduling "it runs as None" '/ AS services$/,/^CMD/{/^USER/d}'
finds tools "it runs as 'root'" '/ AS tools$/,/^CMD/s/^USER .*/USER root/'
finds redis "it runs as None" "$(at redis){/user:/d}"
finds redis "--appendonly is 'no'" "$(at redis)s/\"yes\"/\"no\"/"
finds redis "--appendonly is None" "$(at redis){/--appendonly/,+1d}"
finds redis "--maxmemory is '2gb'" "$(at redis)s/256mb/2gb/"
finds redis "--port is '6379'" "$(at redis)s/- \"0\"/- \"6379\"/"
finds redis "stop_grace_period is None" "$(at redis){/stop_grace_period/d}"
finds redis "its network is 'suite'" "$(at redis)s/network_mode: none/networks: [suite]/"
finds keys "cap_drop is None" "$(at keys){/cap_drop/d}"
finds backup "read_only is None" "$(at backup){/read_only/d}"
finds tools "mem_limit is None" "$(at tools){/mem_limit/d}"
finds tools "it sees keys-root" "$(at tools)s/keys-operator:/keys-root:/"
finds audit "it may write to its keys" "$(at audit)s/(:\/keys):ro/\\1/"
finds inventory "it publishes" "$(at inventory)s/MESO_BIND:-127\.0\.0\.1/MESO_BIND:-0.0.0.0/"
finds inventory "--allocation_horizon_days=31 is missing" "$(at inventory)s/DAYS:-31/DAYS:-7/"
finds inventory "--redis=unix:/run/redis/redis.sock is missing" 's/&flag-redis .*/\&flag-redis --redis=redis:6379/'
finds audit "--witness_keys_file=/keys/witnesses.txt is missing" '/--witness_keys_file/d'
finds extra "nobody has said" 's/^services:$/&\n  extra:\n    image: busybox\n/'
finds backup "it is missing" "$(at backup)d"
echo "docker-compose.yml: every container is as it should be, and $planted changes for the worse are found"
