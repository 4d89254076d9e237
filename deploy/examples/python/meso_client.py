"""How to call Meso well: a channel, the token, a deadline on every call, and what to do about errors.

    client = Client("127.0.0.1:7101", "desk-par-1.token")
    site = client.call(SchedulingAdminServiceStub(client.channel).GetSite, request)

`call` repeats the very same request, request_id included, while repeating can help, and raises a
Refusal otherwise.
"""
import pathlib
import random
import sys
import time

import meso_api  # first: it says what is missing, and makes google.rpc importable
import grpc
from google.rpc import error_details_pb2, status_pb2

SERVICE_CONFIG = (meso_api.PROTOS / "service_config.json").read_text()
DEADLINE_SECONDS = 10
GIVE_UP_SECONDS = 60
# These reasons, and any UNAVAILABLE or DEADLINE_EXCEEDED, mean: ask again, with the same request_id.
REPEAT = {"OVERLOADED", "RATE_LIMITED", "REPLY_EXISTS"}


class Refusal(Exception):
    """An error answer: one cause per ErrorInfo, the refusal itself first, then what led to it."""

    def __init__(self, error):
        super().__init__(error.details())
        self.code = error.code()
        self.causes = []
        self.retry_after = 0.0
        for details in _details_of(error):
            info = error_details_pb2.ErrorInfo()
            bad = error_details_pb2.BadRequest()
            failure = error_details_pb2.PreconditionFailure()
            retry = error_details_pb2.RetryInfo()
            if details.Unpack(info):
                self.causes.append((info.reason, info.domain, dict(info.metadata), []))
            elif details.Unpack(retry):
                self.retry_after = retry.retry_delay.ToNanoseconds() / 1e9
            elif self.causes and details.Unpack(bad):
                self.causes[-1][3].extend(
                    f"{v.field}: {v.description}" for v in bad.field_violations)
            elif self.causes and details.Unpack(failure):
                self.causes[-1][3].extend(
                    f"{v.type} {v.subject}: {v.description}" for v in failure.violations)

    @property
    def reason(self):
        """Stable, listed at every RPC in the protos; empty when no Meso service answered."""
        return self.causes[0][0] if self.causes else ""

    @property
    def may_repeat(self):
        """True when the same request may yet be answered; it may also have been executed already."""
        return (self.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
                or self.reason in REPEAT)

    def explain(self):
        """Everything the answer says, for a person."""
        lines = [f"refused: {self.reason or 'no reason given'} ({self.code.name})", f"  {self}"]
        for i, (reason, domain, metadata, violations) in enumerate(self.causes):
            if i > 0:
                lines.append(f"  because {domain} said {reason}")
            lines += [f"  {key} = {value}" for key, value in sorted(metadata.items())]
            lines += [f"  - {violation}" for violation in violations]
        return "\n".join(lines)


def _details_of(error):
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            return status_pb2.Status.FromString(value).details
    return []


class Client:
    """A channel and a token. `tls` is DIR/NAME: DIR/ca.pem, DIR/NAME.pem and DIR/NAME.key."""

    def __init__(self, address, token_file, tls=""):
        self._token_file = pathlib.Path(token_file)
        # gRPC itself repeats UNAVAILABLE up to four times, as the config says.
        options = [("grpc.service_config", SERVICE_CONFIG)]
        if tls:
            authority = pathlib.Path(tls).parent / "ca.pem"
            self.channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(
                authority.read_bytes(), pathlib.Path(f"{tls}.key").read_bytes(),
                pathlib.Path(f"{tls}.pem").read_bytes()), options)
        else:
            self.channel = grpc.insecure_channel(address, options)

    def _token(self):
        # Read anew every time: a token is replaced before it expires.
        try:
            return self._token_file.read_text().strip()
        except OSError as error:
            raise OSError(f"The token {self._token_file} cannot be read ({error.strerror}); name the "
                          "file with --token. 'mesoctl admin token' makes one.") from error

    def call(self, method, request, deadline_seconds=DEADLINE_SECONDS):
        """The answer to the request; raises Refusal. Repeats for at most GIVE_UP_SECONDS."""
        give_up = time.monotonic() + GIVE_UP_SECONDS
        backoff = 0.1
        while True:
            token = self._token()
            try:
                return method(request, timeout=deadline_seconds,
                              metadata=[("authorization", f"Bearer {token}")])
            except grpc.RpcError as error:
                refusal = Refusal(error)
            # Never sooner than the service asks for, and not in step with everybody else.
            pause = max(refusal.retry_after, backoff) * random.uniform(1, 1.5)
            if not refusal.may_repeat or time.monotonic() + pause > give_up:
                raise refusal
            print(f"{refusal.reason or refusal.code.name}; the same again in {pause:.2f} s",
                  file=sys.stderr)
            time.sleep(pause)
            backoff = min(2 * backoff, 5)
