"""The filters of export bundles: whether a leaf matches one, as services/audit/README.md spells it. Part of verify_bundle.py."""
import re

KINDS = {b"patient": 1, b"lot": 2, b"appointment": 3, b"actor": 4, b"site": 5, b"request_id": 6}
PLAIN = {b"time": 2, b"service": 3, b"correlation_id": 9, b"method": 11, b"action": 12, b"purpose": 14, b"outcome": 15,
         b"reason": 16, b"violation": 17}
TERM = re.compile(rb'([a-z_]+) (=|!=|<=|>=|<|>|:) "((?:[^"\\\x00-\x1f\x7f]|\\["\\])*)"')
REDUCIBLE = re.compile(rb"NOT [\0\1]|NOT \([\0\1]\)|\([\0\1](?: AND [\0\1])+\)|\([\0\1](?: OR [\0\1])+\)")


def values(leaf, field):
    """What a leaf, its fields by number, has in a filter's field; of most there is one."""
    if field in KINDS:
        return [value for kind, value in leaf[21] if kind == KINDS[field]]
    if field in PLAIN:
        return [leaf[PLAIN[field]]]
    named = {b"role": leaf["roles"], b"object_type": [leaf[13][1]], b"object": [leaf[13][2]]}
    if field not in named:
        raise ValueError("the filter is malformed")
    return named[field]


def term_holds(term, leaf):
    field, op, wanted = term[1], term[2], re.sub(rb"\\(.)", rb"\1", term[3])
    number = field in (b"time", b"action", b"outcome")
    if (number and not re.fullmatch(rb"0|-?[1-9][0-9]{0,18}", wanted) or field == b"patient" and wanted[:11] != b"pseudonyms/"
            or op not in ((b"=", b"<", b"<=", b">", b">=") if field == b"time" else (b"=", b":", b"!="))):
        raise ValueError("the filter is malformed")
    if field == b"time":
        time, wanted = leaf[2] - (leaf[2] >> 63 << 64), int(wanted)
        return b"=" in op and time == wanted or b"<" in op and time < wanted or b">" in op and time > wanted
    wanted = int(wanted) if number else wanted[11:] if field == b"patient" else wanted == b"true" if field == b"violation" else wanted
    return (wanted in values(leaf, field)) == (op != b"!=")


def reduced(match):
    bits = [byte for byte in match[0] if byte < 2]
    return bytes([1 - bits[0] if match[0][:1] == b"N" else (min if b"AND" in match[0] else max)(bits)])


def matches(text, leaf):
    """Terms become bytes 0 and 1, then brackets and NOT are reduced to them until one is left."""
    if {0, 1} & {*text}:
        raise ValueError("the filter is malformed")
    text, before = TERM.sub(lambda term: bytes([term_holds(term, leaf)]), text), b""
    while text != before:
        before, text = text, REDUCIBLE.sub(reduced, text)
    if text not in (b"\0", b"\1"):
        raise ValueError("the filter is malformed")
    return text == b"\1"
