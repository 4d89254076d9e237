#!/usr/bin/python3
"""Verifies an export bundle of the audit log with public keys alone: a second verifier beside `mesoctl audit verify`, written
from the format in services/audit/README.md. Needs Debian's python3-cryptography, for Ed25519 only.

    verify_bundle.py BUNDLE --key KEY [--key KEY] [--witness KEY ...] [--witnesses-needed N] [--checkpoint NOTE]

A KEY is its text or a file that holds it. Exit code 0: it holds; 6: it does not; 2: the command line is wrong."""
import argparse, base64, functools, hashlib, hmac, operator, os, re, sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER, CHECKPOINT, ENTRY, LEFT_OUT, TRAILER, INDEX, KEY_PROOF = range(1, 8)
EMPTY = hashlib.sha256(b"").digest()
WHERE = [""]  # the entry that is looked at
class Bad(Exception):
    """The bundle does not hold; says why."""
def need(holds, why):
    if not holds:
        raise Bad(why)
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def pieces(data): return [data[at:at + 32] for at in range(0, len(data), 32)]
def big64(*numbers): return b"".join(number.to_bytes(8, "big") for number in numbers)
def put_varint(value): return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + put_varint(value >> 7)
def take_varint(data, at):
    value, shift = 0, 0
    while at < len(data) and shift < 70:
        value, shift, at = value | (data[at] & 127) << shift, shift + 7, at + 1
        if data[at - 1] < 128:
            need(shift == 7 or data[at - 1], "a number is not in its shortest form")
            return value, at
    raise Bad("a number is cut or too long")
def message(data, numbers=(), texts=(), lists=(), strict=True):
    """A message's fields by number: ascending, of the right form; strict: no others, and none with its default value."""
    out = {**dict.fromkeys(numbers, 0), **dict.fromkeys(texts, b""), **{n: [] for n in lists}}
    at, last = 0, 0
    while at < len(data):
        tag, at = take_varint(data, at)
        value, at = take_varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        last, before = tag >> 3, last
        need(tag & 7 in (0, 2) and at <= len(data) and before <= last and (before < last or last in lists), "a field is malformed")
        need(last in out and value and (last in numbers) == (tag & 7 == 0) or not strict, "a field is not one the format has here")
        out[last] = out[last] + [value] if last in lists else value
    return out
def read_base64(text):
    data = base64.b64decode(text)
    need(base64.b64encode(data) == text, "base64 is malformed")
    return data

def read_keys(values, kind):
    """Keys written name+hash+base64(kind || public key), as (kind, name, 4 bytes of hash, public key)."""
    for text in " ".join(open(value).read() if os.path.exists(value) else value for value in values).split():
        name, key_hash, data = text.encode().split(b"+", 2)
        data = read_base64(data)
        need(len(data) == 33 and data[0] == kind and sha(name, b"\n", data)[:4].hex().encode() == key_hash.lower(), "not a key")
        yield kind, name, sha(name, b"\n", data)[:4], data[1:]
def open_note(note, keys):
    """(origin, size, root, index root or None, how many witnesses cosigned) of a checkpoint a known key has signed."""
    text, gap, block = note.rpartition(b"\n\n")
    need(gap and len(note) <= 65536 and not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", note) and block.count(b"\n") <= 100 and
         re.fullmatch("(\u2014 [^+ \n]{1,255} [^ \n]+\n)+".encode(), block), "a checkpoint is malformed")
    text, seen = text + b"\n", []
    for name, data in (line.split(b" ")[1:] for line in block.splitlines()):
        data = read_base64(data)
        need(len(data) > 4, "a signature is too short")
        for key in (key for key in keys if key[1:3] == (name, data[:4])):
            prefix = b"cosignature/v1\ntime %d\n" % int.from_bytes(data[4:12], "big") if key[0] == 4 else b""
            need(key[0] == 1 or len(data) == 76 and key not in seen, "a cosignature is malformed or there twice")
            Ed25519PublicKey.from_public_bytes(key[3]).verify(data[12 if prefix else 4:], prefix + text)
            seen.append(key)
    need(any(key[0] == 1 for key in seen), "no signature by a known key")
    lines = text[:-1].split(b"\n")
    need(len(lines) > 2 and all(lines) and re.fullmatch(rb"0|[1-9][0-9]{0,19}", lines[1]), "a checkpoint is malformed")
    roots = [read_base64(lines[2])] + [read_base64(line[13:]) for line in lines[3:] if line.startswith(b"meso-index 1 ")]
    need(len(roots) < 3 and all(len(root) == 32 for root in roots), "a checkpoint is malformed")
    return lines[0], int(lines[1]), roots[0], roots[1] if roots[1:] else None, sum(key[0] == 4 for key in seen)

class Tree:
    """The Merkle tree of RFC 6962: its complete subtrees from left to right."""
    def __init__(self): self.size, self.peaks = 0, []
    def append(self, leaf):
        """Returns the leaf's hash and those of the nodes it completed."""
        row, rest, self.size = [leaf], self.size, self.size + 1
        while rest & 1:
            row, rest = row + [sha(b"\1", self.peaks.pop(), row[-1])], rest >> 1
        self.peaks.append(row[-1])
        return b"".join(row)
    def root(self): return functools.reduce(lambda root, peak: sha(b"\1", peak, root), self.peaks[::-1]) if self.peaks else EMPTY
def leads_to(data, node, size, path, root):
    """RFC 9162, section 2.1.3.2."""
    leaf, last = sha(b"\0", data), size - 1
    for sibling in pieces(path):
        need(last > 0, "a path is too long")
        leaf = sha(b"\1", sibling, leaf) if node & 1 or node == last else sha(b"\1", leaf, sibling)
        while node == last and node and not node & 1:
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    need(len(path) % 32 == 0 and node == last == 0 and leaf == root, "a path does not lead to the root")

KINDS = [b"", b"patient", b"lot", b"appointment", b"actor", b"site", b"request_id"]
PLAIN = {b"time": 2, b"service": 3, b"correlation_id": 9, b"method": 11, b"action": 12, b"purpose": 14, b"outcome": 15,
         b"reason": 16, b"violation": 17}
TERM = re.compile(rb'([a-z_]+) (=|!=|<=|>=|<|>|:) "((?:[^"\\\x00-\x1f\x7f]|\\["\\])*)"')
def read_leaf(data):
    """A leaf's fields by number, and by name the values a filter can ask for."""
    leaf = message(data, (1, 2, 12, 15, 17, 18), (3, 5, 6, 9, 11, 13, 14, 16, 19, 20), (21,), strict=False)
    leaf[2] -= leaf[2] >> 63 << 64
    leaf[19] = message(leaf[19], (3,), (1, 2), strict=False)
    leaf[21] = [(key[1], key[2]) for key in (message(key, (1,), (2,), strict=False) for key in leaf[21])]
    leaf.update({name: [leaf[number]] for name, number in PLAIN.items()})
    leaf.update({name: [value for kind, value in leaf[21] if KINDS[kind:kind + 1] == [name]] for name in KINDS[1:]})
    leaf[b"role"] = [role for actor in (5, 6) for role in message(leaf[actor], (), (), (2,), strict=False)[2]]
    leaf[b"object_type"], leaf[b"object"] = ([value] for value in list(message(leaf[13], (), (1, 2), strict=False).values())[:2])
    return leaf
def matches(text, leaf, at=0):
    """Whether a leaf matches a filter as a bundle spells it, and where the filter ends."""
    if text.startswith(b"NOT ", at):
        truth, at = matches(text, leaf, at + 4)
        return not truth, at
    if text.startswith(b"(", at):
        truths, word = [], b"("
        while text.startswith(word, at):
            truth, at = matches(text, leaf, at + len(word))
            truths, word = truths + [truth], (b" OR " if text.startswith(b" OR ", at) else b" AND ") if word == b"(" else word
        need(text.startswith(b")", at), "the filter is malformed")
        return (all if word == b" AND " else any)(truths), at + 1
    term = TERM.match(text, at)
    field, op, wanted = (term[1], term[2], re.sub(rb"\\(.)", rb"\1", term[3])) if term else (b"", b"", b"")
    if field in (b"time", b"action", b"outcome"):
        need(re.fullmatch(rb"0|-?[1-9][0-9]{0,18}", wanted), "the filter is malformed")
        wanted = int(wanted)
    need(field in leaf and (op in (b"=", b"<", b"<=", b">", b">=") if field == b"time" else op in (b"=", b":", b"!=")) and
         (field != b"patient" or wanted.startswith(b"pseudonyms/")), "the filter is malformed")
    wanted = wanted[11:] if field == b"patient" else wanted == b"true" if field == b"violation" else wanted
    if op[:1] in (b"<", b">"):
        compare = operator.lt if op[:1] == b"<" else operator.gt
        return compare(leaf[2], wanted) or op[1:] == b"=" and leaf[2] == wanted, term.end()
    return (wanted in leaf[field]) == (op != b"!="), term.end()

def read_records(file):
    """The version, then (type, body) of every record, of the trailer with what those before it say."""
    start = file.read(12)
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
    """Whether a run of the index is what the entries under each of its keys make it."""
    tree = Tree()
    for key, indexes in sorted((sha(b"\x10", bytes([kind]), value), indexes) for (kind, value), indexes in under.items()):
        postings = b"".join(put_varint(index - before) for before, index in zip([run[1]] + indexes, indexes))
        tree.append(sha(b"\0", key, big64(len(indexes)), sha(postings)))
    return tree.size == run[3] and tree.root() == run[4]
def prove_key(proof, wanted, run):
    """The entries a run has under a key, none when it is shown that there are none."""
    shown = {n: message(proof[n], (1,), (2, 3)) for n in (2, 4, 5) if proof[n]}
    for leaf in shown.values():
        need(len(leaf[2]) == 72, "a leaf of the index is malformed")
        leads_to(leaf[2], leaf[1], run[3], leaf[3], run[4])
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
    """Every payload, or part of one, is what the leaf commits to."""
    parts, second = [message(part, (), (1, 2, 3)) for part in entry[6]], leaf[18] == 2
    together, whole = b"".join(part[1] for part in parts), (leaf[20], entry[4], entry[5])
    need(leaf[18] < 3 and (shown or not any(part[2] or part[3] for part in parts + [{2: entry[4], 3: entry[5]}])), "a payload too many")
    need(not parts or not whole[1] and not whole[2] and all(len(part[1]) == 32 for part in parts) and
         leaf[20] == (sha(together) if second else together), "the payload's parts are not those committed to")
    for commitment, salt, payload in [(p[1], p[2], p[3]) for p in parts if p[2] or p[3]] or [whole] * (shown and any(whole) and not parts):
        need(bool(parts) == second and (payload or not parts) and len(salt) == 32 and
             hmac.digest(salt, payload, "sha256") == commitment, "the payload is not the one committed to")

def verify(file, keys, needed, remembered):
    records = read_records(file)
    version, (kind, body) = next(records), next(records)
    need(kind == HEADER, "the first record is no header")
    header = message(body, (2, 3, 5), (1, 4, 6))
    key, text = message(header[6], (1,), (2,)), header[4] if version > 1 else b""
    need(header[5] < 2 and (not header[6] or version > 1 and not text and 0 < key[1] < 6 and key[2]), "the header is malformed")
    need(not text or matches(text, read_leaf(b""))[1] == len(text), "the filter is malformed")
    roots, runs, due, sources, under, whole, bad_runs = {}, [], [], {}, {}, not header[6], 0
    kind, body = next(records)
    while kind == CHECKPOINT:
        origin, size, root, index_root, cosigned = open_note(body, keys)
        need(origin == header[1] and all(size > smaller for smaller in roots), "checkpoints are of another log or not in order")
        roots[size] = root
        kind, body = next(records)
    need(roots and size == header[2] and (whole or len(roots) == 1) and roots.get(0, EMPTY) == EMPTY, "no checkpoint covers the entries")
    need(cosigned >= needed, "too few witnesses have cosigned the newest checkpoint")
    if remembered:
        need(remembered[0] == origin and remembered[1] <= size and (whole or remembered[1] in (0, size)) and
             roots.setdefault(remembered[1], remembered[2]) == remembered[2], "not a later state of the remembered checkpoint")
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
            source, number = (leaf[19][1], leaf[19][2]), leaf[19][3]
            before, sources[source] = sources.get(source, 0), number
            need(version == 1 or (number == before + 1 if whole else number > before), "its source's number does not follow")
            need(not text or matches(text, leaf)[0], "the filter does not let it in")
        else:
            record = message(body, (1,), (2,))
            leaves, whole = pieces(record[2]), False
            left_out += len(leaves)
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
    return "OK: %d entries of a log of %d are what it signed, %d are left out" % (entries, size, left_out)

def main(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle")
    parser.add_argument("--key", action="append", required=True)
    parser.add_argument("--witness", action="append", default=[])
    parser.add_argument("--witnesses-needed", type=int)
    parser.add_argument("--checkpoint")
    options = parser.parse_args(words)
    try:
        keys = [*read_keys(options.key, 1), *read_keys(options.witness, 4)]
        remembered = open(options.checkpoint, "rb").read() if options.checkpoint else None
    except (OSError, ValueError, Bad) as wrong:
        parser.error(str(wrong))
    try:
        needed = len([k for k in keys if k[0] == 4]) if options.witnesses_needed is None else options.witnesses_needed
        with open(options.bundle, "rb") as file:
            print(verify(file, keys, needed, open_note(remembered, keys) if remembered else None))
        return 0
    except (Bad, ValueError, TypeError, InvalidSignature) as wrong:
        print("VERIFICATION FAILED: %s%s" % (WHERE[0], wrong), file=sys.stderr)
        return 6

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
