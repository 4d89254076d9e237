#!/usr/bin/python3
"""A first call of Meso from Python: lists the chain's sites.

    first_call.py ADDRESS TOKEN_FILE        such as 127.0.0.1:7101 desk-par-1.token
"""
import pathlib
import sys

import meso_api  # noqa: F401  first: it says what is missing, and makes meso.* importable
import grpc
from meso.scheduling.v1 import scheduling_admin_service_pb2 as api
from meso.scheduling.v1.scheduling_admin_service_pb2_grpc import SchedulingAdminServiceStub


def main(address, token_file):
    try:
        token = pathlib.Path(token_file).read_text().strip()
    except OSError as error:
        sys.exit(f"The token {token_file} cannot be read ({error.strerror}); 'mesoctl admin token' "
                 "makes one.")
    with grpc.insecure_channel(address) as channel:
        try:
            answer = SchedulingAdminServiceStub(channel).ListSites(
                api.ListSitesRequest(), timeout=5,  # every call needs a deadline
                metadata=[("authorization", f"Bearer {token}")])
        except grpc.RpcError as error:  # meso_client.py reads what a refusal says beside its sentence
            sys.exit(f"{error.code().name}: {error.details()}")
    for site in answer.sites:
        print(f"{site.name:12} {site.display_name:10} {site.time_zone}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
