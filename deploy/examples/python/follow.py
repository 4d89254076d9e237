#!/usr/bin/python3
"""Follows what happens in scheduling, from where it stopped the last time.

    follow.py --token back-office.token

Every event is handled at least once: the resume token is kept after the events before it are
handled, so that a crash in between repeats them; tell copies by their id.
"""
import argparse
import os
import pathlib
import sys

from meso_client import Client, Refusal
from meso.events.v1 import events_pb2 as api
from meso.events.v1.events_pb2_grpc import EventServiceStub
from meso.scheduling.v1 import events_pb2 as scheduling_events
from meso.scheduling.v1 import scheduling_service_pb2
from meso.scheduling.v1.scheduling_service_pb2_grpc import SchedulingServiceStub

WAIT_SECONDS = 15


def handle(event):
    """A back office would change its own database here, in one transaction with the token."""
    kind = event.type.rpartition(".")[2]
    line = f"{event.sequence} {event.time.ToJsonString()} {kind} {event.subject}"
    if event.type == scheduling_events.AppointmentBooked.DESCRIPTOR.full_name:
        payload = scheduling_events.AppointmentBooked.FromString(event.data)
        line += f" {payload.cocktail} starts {payload.start_time.ToJsonString()}"
    print(line, flush=True)


def list_anew(client):
    """The state itself, for when the events that led to it are no longer kept."""
    stub = SchedulingServiceStub(client.channel)
    request = scheduling_service_pb2.ListAppointmentsRequest(parent="sites/-", page_size=500)
    while True:
        page = client.call(stub.ListAppointments, request)
        for appointment in page.appointments:
            print(f"listed {appointment.name} revision {appointment.revision}", flush=True)
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def keep(path, token):
    new = path.with_name(path.name + ".new")
    with open(new, "w") as file:
        file.write(token)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)


def follow(client, args):
    events = EventServiceStub(client.channel)
    path = pathlib.Path(args.resume)
    request = api.PullEventsRequest(types=args.type, max_events=100)
    request.resume_token = path.read_text().strip() if path.exists() else ""
    request.wait.FromSeconds(0 if args.once else WAIT_SECONDS)
    while True:
        try:
            # The deadline is longer than the wait, or every quiet time would end as an error.
            answer = client.call(events.PullEvents, request, deadline_seconds=WAIT_SECONDS + 10)
        except Refusal as refusal:
            if refusal.reason != "RESUME_TOKEN_EXPIRED":
                raise
            print("RESUME_TOKEN_EXPIRED; listing everything anew", file=sys.stderr)
            list_anew(client)
            request.resume_token = ""  # from the oldest event kept; known ones come again
            continue
        for event in answer.events:
            handle(event)
        keep(path, answer.resume_token)
        request.resume_token = answer.resume_token
        if args.once and not answer.events:
            return


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--token", required=True, help="file with a back office's token")
    parser.add_argument("--address", default="127.0.0.1:7101", help="of scheduling")
    parser.add_argument("--tls", default="", help="DIR/NAME of a client certificate")
    parser.add_argument("--resume", default="scheduling.resume", help="file for the resume token")
    parser.add_argument("--type", action="append", default=[],
                        help="only these, such as meso.scheduling.v1.AppointmentBooked; repeatable")
    parser.add_argument("--once", action="store_true", help="end when there is nothing new")
    args = parser.parse_args()
    try:
        follow(Client(args.address, args.token, args.tls), args)
    except Refusal as refusal:
        sys.exit(refusal.explain())
    except OSError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
