"""Logs that lost entries and said so: the entries that opened new origins, and which checkpoints are of which. Part of
verify_bundle.py."""
import re
from bundle_tree import leads_to, message, need, open_note, read_leaf

OPENS = (b"audit", b"audit/newOrigin")  # source and method of an entry that opens a new origin
def number(text):
    need(re.fullmatch(rb"0|[1-9][0-9]{0,19}", text), "an opening is malformed")
    return int(text)
def read_opening(body, newest, keys):
    """(index, facts, lost checkpoint) of an entry that opens a new origin, proven to be in the log of the newest checkpoint."""
    record = message(body, (1,), (2, 7))
    leaf = read_leaf(record[2])
    need(record[1] == leaf[1] < newest[1] and (leaf[19][1], leaf[11]) == OPENS, "an opening is none")
    leads_to(record[2], record[1], newest[1], record[7], newest[2])
    facts = [message(fact, (), (1, 2), strict=False) for fact in leaf[22]]
    facts = {fact[1]: fact[2] for fact in facts} if len({fact[1] for fact in facts}) == len(facts) else {}
    need(facts.get(b"origin") and facts.get(b"previous_origin"), "an opening is malformed")
    lost = open_note(facts.get(b"lost_checkpoint", b""), [key for key in keys if key[0] == 1], b"")
    need(lost[1] == number(facts.get(b"lost_size", b"")), "an opening is malformed")
    return record[1], facts, lost
def origin_spans(openings, newest):
    """Per origin: name, opening, the size its checkpoints are above, and that they are at most. Every opening follows the one before."""
    spans, names, begin, opened = [], set(), 0, None
    for index, facts, lost in openings:
        kept = number(facts.get(b"kept_size", b""))
        names.add(facts[b"previous_origin"]) if not spans else None
        need((number(facts[b"previous_opening"]) if b"previous_opening" in facts else None) == opened and
             (opened is None or openings[len(spans) - 1][1][b"origin"] == facts[b"previous_origin"] and opened < index) and
             facts[b"origin"] not in names and facts[b"origin"] != lost[0] and begin <= kept <= index and kept < lost[1],
             "the log's origins do not follow each other")
        names.add(facts[b"origin"])
        spans.append((facts[b"previous_origin"], opened, begin, kept))
        begin, opened = index, index
    need(newest[5] == opened and (not openings or newest[0] == openings[-1][1][b"origin"]), "the newest origin was not opened")
    return spans + [(newest[0], opened, begin, 1 << 64)]
def in_a_span(note, spans):
    return any(note[0] == name and note[5] == opened and note[1] <= end and (opened is None or note[1] > begin)
               for name, opened, begin, end in spans)
