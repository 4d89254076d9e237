#!/usr/bin/python3
"""Books one session: searches, holds the best offer, books it, and books nothing twice.

    book.py --token ~/.local/state/meso/tokens/desk-par-1.token

The booking is written to the journal before it is sent. When anything goes wrong - the answer is
lost, this program is killed - run it again with the same journal: the request goes out again with
its request_id, and the answer is the one it would have had.
"""
import argparse
import os
import pathlib
import sys
import time
import uuid

from meso_client import Client, Refusal
from google.protobuf import json_format
from meso.scheduling.v1 import availability_pb2
from meso.scheduling.v1 import scheduling_service_pb2 as api
from meso.scheduling.v1.scheduling_service_pb2_grpc import SchedulingServiceStub

# Somebody was faster, or the offer is stale: another search may find another slot.
SEARCH_AGAIN = {"SLOT_TAKEN", "OFFER_EXPIRED", "HOLD_EXPIRED", "OUTSIDE_WORKING_HOURS",
                "DEVICE_UNAVAILABLE", "PRACTITIONER_NOT_QUALIFIED"}
ROUNDS_MAX = 10


class Journal:
    """The one booking under way. In a back office this is a row of its own database."""

    def __init__(self, path):
        self._path = pathlib.Path(path)

    def read(self):
        if not self._path.exists():
            return None
        try:
            return json_format.Parse(self._path.read_text(), api.BookAppointmentRequest())
        except json_format.ParseError:
            sys.exit(f"The journal {self._path} is damaged; look what became of its booking, then "
                     "remove it.")

    def write(self, request):
        new = self._path.with_name(self._path.name + ".new")
        # It names a patient: for this user's eyes only.
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(json_format.MessageToJson(request))
            file.flush()
            os.fsync(file.fileno())
        new.rename(self._path)

    def clear(self):
        self._path.unlink(missing_ok=True)


def search(client, scheduling, args):
    request = api.SearchAvailabilityRequest(
        parent=args.site, patient=args.patient, treatment_type=args.treatment)
    request.start_time.FromSeconds(int(time.time()) + args.from_days * 86400)
    request.end_time.FromSeconds(int(time.time()) + (args.from_days + 7) * 86400)
    answer = client.call(scheduling.SearchAvailability, request)
    if not answer.offers:
        for day in answer.why_none:
            counts = ", ".join(f"{availability_pb2.Constraint.Name(c.constraint)} {c.count}"
                               for c in day.constraints)
            print(f"{day.date}: {counts}", file=sys.stderr)
        sys.exit("There is no free slot.")
    best = answer.offers[0]
    print(f"offered {best.local_start_time}, the best of {len(answer.offers)}")
    return best


def hold(client, scheduling, args, offer):
    request = api.HoldAppointmentRequest(
        parent=args.site, patient=args.patient, offer_token=offer.offer_token,
        request_id=str(uuid.uuid4()))
    request.ttl.FromSeconds(120)
    held = client.call(scheduling.HoldAppointment, request)
    print(f"held until {held.expire_time.ToJsonString()}")
    return held


def book(client, scheduling, args, journal):
    request = journal.read()
    if request:
        print(f"repeating the booking in {args.journal}")
    for _ in range(ROUNDS_MAX):
        try:
            if not request:
                held = hold(client, scheduling, args, search(client, scheduling, args))
                request = api.BookAppointmentRequest(
                    parent=args.site, hold=held.name, patient=args.patient,
                    cocktail=args.cocktail, request_id=str(uuid.uuid4()))
                journal.write(request)
            return client.call(scheduling.BookAppointment, request)
        except Refusal as refusal:
            # Only a rule's refusal says that nothing was booked; after anything else - the token has
            # expired, nobody answers - an earlier copy of the request may have been executed.
            if refusal.code.name == "FAILED_PRECONDITION":
                journal.clear()
            if refusal.reason not in SEARCH_AGAIN:
                raise
            print(f"{refusal.reason}; searching again", file=sys.stderr)
            request = None  # another slot is another request, with a request_id of its own
    sys.exit("Others were faster every time.")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--token", required=True, help="file with a front desk's token")
    parser.add_argument("--address", default="127.0.0.1:7101", help="of scheduling")
    parser.add_argument("--tls", default="", help="DIR/NAME of a client certificate")
    parser.add_argument("--site", default="sites/par-1")
    parser.add_argument("--patient", default="patients/PT-0024")
    parser.add_argument("--treatment", default="treatmentTypes/T-FACE")
    parser.add_argument("--cocktail", default="cocktails/C-01/revisions/r1")
    parser.add_argument("--from_days", type=int, default=1, help="how far ahead to search from")
    parser.add_argument("--journal", default="booking.json")
    args = parser.parse_args()
    client = Client(args.address, args.token, args.tls)
    try:
        booked = book(client, SchedulingServiceStub(client.channel), args, Journal(args.journal))
    except Refusal as refusal:
        sys.exit(refusal.explain())
    except OSError as error:
        sys.exit(str(error))
    print(f"booked {booked.name} {booked.local_start_time} with {booked.practitioner}")


if __name__ == "__main__":
    main()
