#!/usr/bin/python3
"""Verifies an export bundle of the audit log with public keys alone, written from the format in services/audit/README.md: a second
verifier beside `mesoctl audit verify`. Needs python3-cryptography, for Ed25519. Exit code 0: it holds; 6: not; 2: wrong usage, or a file
that can't be read."""
import argparse, base64, functools, hashlib, hmac, os, re, sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from bundle_filter import matches

HEADER, CHECKPOINT, ENTRY, LEFT_OUT, TRAILER, INDEX, KEY_PROOF, OPENING = range(1, 9)
EMPTY = hashlib.sha256(b"").digest()
WHERE = [""]  # the entry that is looked at
class Bad(Exception): """The bundle does not hold; says why."""
def need(holds, why):
    if not holds: raise Bad(why)
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def pieces(data): return [data[at:at + 32] for at in range(0, len(data), 32)]
def big64(*numbers): return b"".join(number.to_bytes(8, "big") for number in numbers)
def put_varint(value): return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + put_varint(value >> 7)
def take_varint(data, at):
    value, shift = 0, 0
    while at < len(data) and shift < 70:
        value, shift, at = value | (data[at] & 127) << shift, shift + 7, at + 1
        if data[at - 1] < 128 and (shift == 7 or data[at - 1]): return value, at
    raise Bad("a number is cut, too long or not in its shortest form")
def message(data, numbers=(), texts=(), lists=(), strict=True):
    """A message's fields by number: ascending, of the right form; strict: no others, and none with its default value."""
    out = {**dict.fromkeys(numbers, 0), **dict.fromkeys(texts, b""), **{n: [] for n in lists}}
    at, last = 0, 0
    while at < len(data):
        tag, at = take_varint(data, at)
        value, at = take_varint(data, at)
        if tag & 7 == 2: value, at = data[at:at + value], at + value
        last, before = tag >> 3, last
        need(tag & 7 in (0, 2) and at <= len(data) and before <= last, "a field is malformed")
        need(before < last or last in lists or not strict and last not in (*numbers, *texts), "a field is there twice")
        need(last in out and value and (last in numbers) == (tag & 7 == 0) or not strict, "a field is not one the format has here")
        out[last] = out[last] + [value] if last in lists else value
    return out
def read_base64(text):
    need(base64.b64encode(base64.b64decode(text)) == text, "base64 is malformed")
    return base64.b64decode(text)

def read_keys(values, kind):
    """Keys written name+hash+base64(kind || public key), as (kind, name, 4 bytes of hash, public key)."""
    for text in " ".join(open(value).read() if os.path.exists(value) else value for value in values).split():
        name, key_hash, data = text.encode().split(b"+", 2)
        data = read_base64(data)
        need(len(data) == 33 and data[0] == kind and sha(name, b"\n", data)[:4].hex().encode() == key_hash.lower(), "not a key")
        yield kind, name, sha(name, b"\n", data)[:4], data[1:]
def open_note(note, keys, own=None):
    """(origin, size, root, index root or None, how many witnesses cosigned, opening or None) of a checkpoint that a key of its
    origin has signed; with `own`, the newest origin, one of another origin that no key is of need not be signed."""
    text, gap, block = note.rpartition(b"\n\n")
    need(gap and len(note) <= 65536 and not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", note) and block[-1:] == b"\n" and
         block.count(b"\n") <= 100, "a checkpoint is malformed")
    lines, text, seen = text.split(b"\n"), text + b"\n", []
    foreign = own is not None and lines[0] != own and not any(key[:2] == (1, lines[0]) for key in keys)
    need(foreign or re.fullmatch("(\u2014 [^+ \n]{1,255} [^ \n]+\n)+".encode(), block), "a checkpoint is malformed")
    for name, data in (line.split(b" ")[1:] for line in block.splitlines() if not foreign):
        data = read_base64(data)
        need(len(data) > 4, "a signature is too short")
        for key in (key for key in keys if key[1:3] == (name, data[:4])):
            prefix = b"cosignature/v1\ntime %d\n" % int.from_bytes(data[4:12], "big") if key[0] == 4 else b""
            need(key[0] == 1 or len(data) == 76 and key not in seen, "a cosignature is malformed or there twice")
            Ed25519PublicKey.from_public_bytes(key[3]).verify(data[12 if prefix else 4:], prefix + text)
            seen.append(key)
    need(foreign or any(key[:2] == (1, lines[0]) for key in seen), "no signature by a known key")
    need(len(lines) > 2 and all(lines) and re.fullmatch(rb"0|[1-9][0-9]{0,19}", lines[1]), "a checkpoint is malformed")
    roots = [read_base64(lines[2])] + [read_base64(line[13:]) for line in lines[3:] if line.startswith(b"meso-index 1 ")]
    need(len(roots) < 3 and all(len(root) == 32 for root in roots), "a checkpoint is malformed")
    opened = [line[15:] for line in lines[3:] if line.startswith(b"meso-opening 1 ")]
    need(len(opened) < 2 and all(re.fullmatch(rb"0|[1-9][0-9]{0,19}", at) and int(at) < int(lines[1]) for at in opened),
         "a checkpoint is malformed")
    return (lines[0], int(lines[1]), roots[0], roots[1] if roots[1:] else None, sum(key[0] == 4 for key in seen),
            int(opened[0]) if opened else None)

class Tree:
    """The Merkle tree of RFC 6962: its complete subtrees from left to right."""
    def __init__(self): self.size, self.peaks = 0, []
    def append(self, leaf):
        row, rest, self.size = [leaf], self.size, self.size + 1
        while rest & 1:
            row, rest = row + [sha(b"\1", self.peaks.pop(), row[-1])], rest >> 1
        self.peaks.append(row[-1])
        return b"".join(row)  # the leaf's hash and those of the nodes it completed
    def root(self): return functools.reduce(lambda root, peak: sha(b"\1", peak, root), self.peaks[::-1]) if self.peaks else EMPTY
def leads_to(data, node, size, path, root):
    """RFC 9162, section 2.1.3.2."""
    leaf, last = sha(b"\0", data), size - 1
    for sibling in pieces(path):
        need(last > 0, "a path is too long")
        leaf = sha(b"\1", sibling, leaf) if node & 1 or node == last else sha(b"\1", leaf, sibling)
        while node == last and node and not node & 1: node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    need(len(path) % 32 == 0 and node == last == 0 and leaf == root, "a path does not lead to the root")

def read_leaf(data):
    leaf = message(data, (1, 2, 12, 15, 17, 18), (3, 5, 6, 9, 11, 13, 14, 16, 19, 20), (21, 22), strict=False)
    leaf[19] = message(leaf[19], (3,), (1, 2), strict=False)
    leaf[21] = [(key[1], key[2]) for key in (message(key, (1,), (2,), strict=False) for key in leaf[21])]
    leaf[13] = message(leaf[13], (), (1, 2), strict=False)
    leaf["roles"] = [role for actor in (5, 6) for role in message(leaf[actor], (), (), (2,), strict=False)[2]]
    return leaf
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
def read_records(file):
    start = file.read(12)  # the version comes first, then (type, body), the trailer with what those before it say
    need(start[:11] == b"MESOBNDL\0\0\0" and start[11:] in (b"\1", b"\2"), "not a bundle of a version known here")
    yield start[11]
    digest, kind, count = hashlib.sha256(start), 0, -1
    while kind != TRAILER:
        prefix = file.read(5)
        size = int.from_bytes(prefix[1:], "big")
        body = file.read(size) if len(prefix) == 5 and size <= 4 << 20 else b""
        need(len(prefix) == 5 and len(body) == size, "the bundle is cut")
        kind, count = prefix[0], count + 1
        yield kind, body if kind != TRAILER else (body, count, digest.digest(), file.read(1))
        digest.update(prefix + body)
def run_holds(under, run):
    tree = Tree()  # of what the entries under each of its keys make it
    for key, indexes in sorted((sha(b"\x10", bytes([kind]), value), indexes) for (kind, value), indexes in under.items()):
        postings = b"".join(put_varint(index - before) for before, index in zip([run[1]] + indexes, indexes))
        tree.append(sha(b"\0", key, big64(len(indexes)), sha(postings)))
    return tree.size == run[3] and tree.root() == run[4]
def prove_key(proof, wanted, run):
    shown = {n: message(proof[n], (1,), (2, 3)) for n in (2, 4, 5) if proof[n]}
    for leaf in shown.values():
        leads_to(leaf[2] if len(leaf[2]) == 72 else b"", leaf[1], run[3], leaf[3], run[4])
    entries, at = [], 0
    while at < len(proof[3]):
        step, at = take_varint(proof[3], at)
        need(step or not entries, "the key's entries are not in order")
        entries.append((entries[-1] if entries else run[1]) + step)
    left, right = shown.get(4, {1: -1, 2: b""}), shown.get(5, {1: run[3], 2: b"\xff" * 32})
    need(len(shown) == 1 and entries and entries[-1] < run[2] and shown[2][2] == wanted + big64(len(entries)) + sha(proof[3])
         if 2 in shown else shown and not entries and left[1] + 1 == right[1] and left[2][:32] < wanted < right[2][:32],
         "the key's entries are not those of the index")
    return entries
def check_payload(entry, leaf, shown):
    parts, second = [message(part, (), (1, 2, 3)) for part in entry[6]], leaf[18] == 2
    together, whole = b"".join(part[1] for part in parts), {1: leaf[20], 2: entry[4], 3: entry[5]}
    need(leaf[18] < 3 and (shown or not any(part[2] or part[3] for part in parts + [whole])), "a payload too many")
    need(not parts or not whole[2] and not whole[3] and all(len(part[1]) == 32 for part in parts) and
         leaf[20] == (sha(together) if second else together), "the payload's parts are not those committed to")
    for part in [part for part in parts if part[2] or part[3]] if parts else [whole] if shown and any(whole.values()) else []:
        need(bool(parts) == second and (part[3] or not parts) and len(part[2]) == 32 and
             hmac.digest(part[2], part[3], "sha256") == part[1], "the payload is not the one committed to")

def verify(file, keys, needed, remembered):
    records = read_records(file)
    version, (kind, body) = next(records), next(records)
    need(kind == HEADER, "the first record is no header")
    header = message(body, (2, 3, 5), (1, 4, 6))
    key, text = message(header[6], (1,), (2,)), header[4] if version > 1 else b""
    need(header[5] < 2 and (not header[6] or version > 1 and not text and 0 < key[1] < 6 and key[2]), "the header is malformed")
    if text: matches(text, read_leaf(b""))  # for its spelling
    roots, runs, due, sources, under, whole, bad_runs = {}, [], [], {}, {}, not header[6], 0
    kind, body = next(records)
    notes, openings = [], []
    while kind == CHECKPOINT:
        notes.append(open_note(body, keys, header[1]))
        origin, size, root, index_root, cosigned = notes[-1][:5]
        need(all(size > smaller for smaller in roots), "checkpoints are not in order")
        roots[size], (kind, body) = root, next(records)
    while kind == OPENING and version > 1 and notes and len(openings) < 1000:
        openings.append(read_opening(body, notes[-1], keys))
        kind, body = next(records)
    spans = origin_spans(openings, notes[-1]) if notes else []
    need(all(in_a_span(note, spans) for note in notes) and (not notes or origin == header[1]), "checkpoints are of another log")
    need(roots and size == header[2] and (whole or len(roots) == 1) and roots.get(0, EMPTY) == EMPTY, "no checkpoint covers the entries")
    need(cosigned >= needed, "too few witnesses have cosigned the newest checkpoint")
    if remembered:
        need(in_a_span(remembered, spans) and remembered[1] <= size and (whole or remembered[1] in (0, size)) and
             roots.setdefault(remembered[1], remembered[2]) == remembered[2] and
             (remembered[1] < size or remembered[3] == index_root), "not a later state of the remembered checkpoint")
    need(version == 1 or (kind == INDEX) == (index_root is not None) and (whole or index_root), "the index is not where it must be")
    if version > 1 and kind == INDEX:
        runs = [message(run, (1, 2, 3), (4,)) for run in message(body, (), (), (1,))[1]]
        need(index_root == sha(b"\x11", *(big64(run[1], run[2], run[3]) + run[4] for run in runs)) and
             [run[1] for run in runs] + [size] == [0] + [run[2] for run in runs] and
             all(run[1] < run[2] and (run[3] == 0) == (run[4] == EMPTY) for run in runs), "the index is not the signed one")
        kind, body = next(records)
    for place, run in enumerate(runs if not whole else []):
        if run[3]:
            proof = message(body if kind == KEY_PROOF else b"", (1,), (2, 3, 4, 5))
            need(kind == KEY_PROOF and proof[1] == place, "a run has no proof of the key")
            due += prove_key(proof, sha(b"\x10", bytes([key[1]]), key[2]), run)
            kind, body = next(records)
    tree, entries, left_out = Tree(), 0, 0
    while kind in (ENTRY, LEFT_OUT):
        index = tree.size if not header[6] else due[entries] if entries < len(due) else -1
        WHERE[0] = "entries/%d: " % index
        if kind == ENTRY:
            entry = message(body, (1,), (2, 3, 4, 5, 7), (6,))
            leaf, leaves, entries = read_leaf(entry[2]), [sha(b"\0", entry[2])], entries + 1
            need(entry[1] == leaf[1] == index, "another entry stands in its place")
            check_payload(entry, leaf, header[5])
            source, passed = (leaf[19][1], leaf[19][2]), sum(opening[0] < index for opening in openings)
            before, seen = sources.get(source, (0, 0))
            sources[source] = leaf[19][3], passed
            need(version == 1 or before < leaf[19][3] <= (before + 1 if whole and seen == passed else 1 << 64),
                 "its source's number does not follow")
            need(header[6] or version == 1 or (leaf[19][1], leaf[11]) != OPENS or index in [opening[0] for opening in openings],
                 "it opens an origin the newest checkpoint knows nothing of")
            need(not text or matches(text, leaf), "the filter does not let it in")
        else:
            record, whole = message(body, (1,), (2,)), False
            leaves, left_out = pieces(record[2]), left_out + len(pieces(record[2]))
            need(header[4] and record[1] == tree.size and len(record[2]) % 32 == 0 < len(leaves) <= 2048, "left out without a filter")
        if header[6]:
            need(not entry[3] and (key[1], key[2]) in leaf[21], "it does not hold the key")
            leads_to(entry[2], index, size, entry[7], roots[size])
        for leaf_hash in leaves if not header[6] else []:
            row = tree.append(leaf_hash)
            need(kind == LEFT_OUT or row == entry[3] and not entry[7], "its hashes are not those of the tree")
            need(tree.size not in roots or tree.root() == roots[tree.size], "the entries are not those of the signed checkpoint")
        for name in {name for name in leaf[21] if 0 < name[0] < 6} if whole and runs else ():
            under.setdefault(name, []).append(index)
        if whole and runs and tree.size == runs[0][2]:
            bad_runs, under = bad_runs + (not run_holds(under, runs.pop(0))), {}
        kind, body = next(records)
    WHERE[0] = ""
    need(kind == TRAILER and message(body[0], (1, 2, 3), (4,)) == {1: body[1], 2: entries, 3: left_out, 4: body[2]} and not body[3],
         "the trailer does not fit, or something follows it")
    need(entries == len(due) if header[6] else tree.size == size, "entries are missing")
    need(not whole or not bad_runs, "the index the log signed is not the one of its entries")
    lost = ["; of %d entries signed as %s those from %d on are LOST (entries/%d)" % (note[1], note[0].decode(errors="replace"),
            int(facts[b"kept_size"]), index) for index, facts, note in openings]
    return "OK: %d entries of a log of %d are what it signed, %d are left out%s" % (entries, size, left_out, "".join(lost))

def main(words):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle")
    parser.add_argument("--key", action="append", required=True, help="the log's public key, or a file of them")
    parser.add_argument("--witness", action="append", default=[], help="a witness's public key, or a file of them")
    parser.add_argument("--witnesses-needed", type=int, help="how many must have cosigned the newest checkpoint; else all")
    parser.add_argument("--checkpoint", help="a note kept from earlier")
    options = parser.parse_args(words)
    try:
        keys, witnesses = [*read_keys(options.key, 1)], [*read_keys(options.witness, 4)]
        needed = len(witnesses) if options.witnesses_needed is None else options.witnesses_needed
        note, file = options.checkpoint and open(options.checkpoint, "rb").read(), open(options.bundle, "rb")
    except (OSError, ValueError, Bad) as wrong:
        parser.error(str(wrong))
    try:
        print(verify(file, keys + witnesses, needed, None if note is None else open_note(note, keys)))
        return 0
    except OSError as wrong:
        parser.error(str(wrong))
    except (Bad, ArithmeticError, ValueError, TypeError, InvalidSignature) as wrong:
        print("VERIFICATION FAILED: %s%s" % (WHERE[0], wrong or "a signature by a known key does not hold"), file=sys.stderr)
        return 6
if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
