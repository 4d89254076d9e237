#!/usr/bin/python3
"""A first call of Meso from Python: lists the chain's sites.

    first_call.py ADDRESS TOKEN_FILE        such as 127.0.0.1:7101 desk-par-1.token

Needs Debian's python3-grpcio, python3-protobuf, protobuf-compiler and
golang-github-gogo-googleapis-dev. The messages are generated from the protos on the way; a
program of yours would keep what protoc makes.
"""
import pathlib
import subprocess
import sys
import tempfile

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[3] / "proto"
GOOGLEAPIS = "/usr/share/gocode/src/github.com/gogo/googleapis"
SERVICE = "/meso.scheduling.v1.SchedulingAdminService/"


def generate(directory):
    files = [str(p.relative_to(ROOT)) for p in ROOT.glob("meso/**/*.proto")]
    google = ["google/api/annotations.proto", "google/api/http.proto"]
    subprocess.run(
        ["protoc", f"--python_out={directory}", f"-I{ROOT}", f"-I{GOOGLEAPIS}", "-I/usr/include"]
        + files + google, check=True)
    sys.path.insert(0, directory)


def main(address, token_file):
    with tempfile.TemporaryDirectory() as directory:
        generate(directory)
        # Debian's google.protobuf is a package of its own: let it see the generated google.api.
        import google
        google.__path__.append(f"{directory}/google")
        from meso.scheduling.v1 import scheduling_admin_service_pb2 as api

        token = pathlib.Path(token_file).read_text().strip()
        with grpc.insecure_channel(address) as channel:
            list_sites = channel.unary_unary(
                SERVICE + "ListSites",
                request_serializer=api.ListSitesRequest.SerializeToString,
                response_deserializer=api.ListSitesResponse.FromString)
            answer = list_sites(
                api.ListSitesRequest(), timeout=5,  # every call needs a deadline
                metadata=[("authorization", f"Bearer {token}")])
        for site in answer.sites:
            print(f"{site.name:12} {site.display_name:10} {site.time_zone}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
