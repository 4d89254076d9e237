#!/usr/bin/env python3
"""What must be true of every container of a compose file: compose_check.py COMPOSE_FILE DOCKERFILE

Prints one sentence per finding and exits 1 when there is one.
"""
import re
import sys

import yaml

USER = "10001:10001"
SERVICES = {"scheduling": "1", "screening": "2", "inventory": "3", "audit": "4"}  # and the last digit of their ports
# Container -> memory, processors, processes. A container that is not here is a finding.
LIMITS = {
    **{name: ("1g", 1.0, "300") for name in SERVICES},
    "redis": ("512m", 1.0, "100"),
    "keys": ("256m", 1.0, "100"),
    "tools": ("512m", 1.0, "100"),
    "backup": ("512m", 1.0, "100"),
}
# A service drains within 30 s; the engine must not kill it before.
STOP = {**{name: "40s" for name in SERVICES}, "redis": "20s"}
NETWORK = {**{name: "suite" for name in [*SERVICES, "tools"]}, "redis": "none", "keys": "none", "backup": "none"}
REDIS = {
    "--port": "0",  # no network
    "--unixsocket": "/run/redis/redis.sock",
    "--unixsocketperm": "700",
    "--dir": "/data",
    "--appendonly": "yes",  # else a killed Redis comes back empty, and everybody pulls
    "--save": "",
    "--maxmemory": "256mb",
    "--maxmemory-policy": "noeviction",
}


class Texts(yaml.SafeLoader):
    """Every scalar is text, as it is written; aliases and merges are resolved."""

    yaml_implicit_resolvers = {
        first: [rule for rule in rules if rule[0] == "tag:yaml.org,2002:merge"]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read(file):
    """The compose file as it is when nothing is set in the environment."""
    with open(file, encoding="utf-8") as text:
        return yaml.load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text.read()), Loader=Texts)


def image_users(dockerfile):
    """Image -> the user its containers run as."""
    users, stage = {}, ""
    for line in dockerfile.splitlines():
        if line.startswith("FROM "):
            stage = f"meso-{line.split()[-1]}"
        elif line.startswith("USER "):
            users[stage] = line.split()[1]
    return users


def check_container(name, container, users, wrong):
    def expect(key, wanted):
        if container.get(key) != wanted:
            wrong(name, f"{key} is {container.get(key)!r}, not {wanted!r}")

    memory, cpus, processes = LIMITS[name]
    expect("read_only", "true")
    expect("cap_drop", ["ALL"])
    expect("security_opt", ["no-new-privileges:true"])
    expect("mem_limit", memory)
    expect("pids_limit", processes)
    try:
        same = float(container.get("cpus", "0")) == cpus
    except ValueError:
        same = False
    if not same:
        wrong(name, f"cpus is {container.get('cpus')!r}, not {cpus}")
    for key in ("cap_add", "privileged", "devices", "pid", "ipc", "userns_mode", "ulimits", "deploy", "memswap_limit"):
        if key in container:
            wrong(name, f"{key} is set")
    image = container.get("image", "")
    if "build" in container and image != f"meso-{container['build'].get('target')}":
        wrong(name, f"{image} is built from the stage {container['build'].get('target')!r}")
    user = container.get("user", users.get(image))
    if user != USER:
        wrong(name, f"it runs as {user!r}, not {USER!r}")
    network = container.get("network_mode") or ",".join(container.get("networks", []))
    if network != NETWORK[name]:
        wrong(name, f"its network is {network!r}, not {NETWORK[name]!r}")
    for volume in container.get("volumes", []):
        source, target = volume.split(":")[:2]
        if source.startswith((".", "/", "~")):
            wrong(name, f"{source} of the machine is mounted")
        if source == "keys-root" and name != "keys":
            wrong(name, "it sees keys-root, with which everything is signed")
        if target == "/keys" and not volume.endswith(":ro"):
            wrong(name, "it may write to its keys")
    if name in STOP:
        expect("stop_grace_period", STOP[name])
        expect("restart", "unless-stopped")
        expect("logging", {"driver": "json-file", "options": {"max-size": "20m", "max-file": "5"}})


def check_command(name, container, wrong):
    command = container.get("command", [])
    if name == "redis":
        found = dict(zip(command[1::2], command[2::2]))
        for flag in sorted(REDIS.keys() | found.keys()):
            if found.get(flag) != REDIS.get(flag):
                wrong(name, f"{flag} is {found.get(flag)!r}, not {REDIS.get(flag)!r}")
    if name not in SERVICES:
        return
    digit = SERVICES[name]
    wanted = {f"--listen=0.0.0.0:710{digit}", f"--admin_tls_listen=0.0.0.0:730{digit}",
              "--redis=unix:/run/redis/redis.sock", f"--tls_cert_file=/keys/{name}.pem",
              f"--tls_key_file=/keys/{name}.key", "--tls_client_ca_file=/keys/ca.pem"}
    if name == "audit":
        wanted |= {"--previous_log_key_file=/keys/audit-log.previous.key", "--witness_keys_file=/keys/witnesses.txt",
                   "--erasure_file=/var/lib/meso-erasures/erasures.jsonl",
                   "--checkpoint_memory_file=/var/lib/meso-erasures/audit-checkpoint.txt",
                   "--retention_file=/etc/meso/retention.json"}
    if name == "inventory":
        wanted.add("--allocation_horizon_days=31")  # the demo chain books 30 days ahead
    for flag in sorted(wanted - set(command)):
        wrong(name, f"{flag} is missing")
    ports = [port.removesuffix("/tcp") for port in container.get("ports", [])]
    if ports != [f"127.0.0.1:710{digit}:710{digit}", f"127.0.0.1:730{digit}:730{digit}"]:
        wrong(name, f"it publishes {ports}")


def main():
    compose = read(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        users = image_users(file.read())
    findings = []

    def wrong(name, what):
        findings.append(f"{name}: {what}")

    containers = compose.get("services", {})
    for name in sorted(LIMITS.keys() - containers.keys()):
        wrong(name, "it is missing")
    for name, container in containers.items():
        if name not in LIMITS:
            wrong(name, "nobody has said what its limits are")
            continue
        check_container(name, container, users, wrong)
        check_command(name, container, wrong)
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


main()
