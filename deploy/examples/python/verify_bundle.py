#!/usr/bin/python3
"""Verifies an export bundle of the audit log with public keys alone, written from the format in services/audit/README.md: a second
verifier beside `mesoctl audit verify`. Needs python3-cryptography, for Ed25519. Exit code 0: it holds; 6: not; 2: wrong usage, or a file
that can't be read. In modules by what the format has: bundle_tree what every bundle is made of, bundle_filter exports with a filter,
bundle_index proofs of completeness, bundle_origin logs that lost entries."""
import argparse, hashlib, hmac, sys
from cryptography.exceptions import InvalidSignature
from bundle_filter import matches
from bundle_index import prove_key, run_holds
from bundle_origin import OPENS, in_a_span, origin_spans, read_opening
from bundle_tree import EMPTY, Bad, Tree, big64, leads_to, message, need, open_note, pieces, read_keys, read_leaf, sha

HEADER, CHECKPOINT, ENTRY, LEFT_OUT, TRAILER, INDEX, KEY_PROOF, OPENING = range(1, 9)
WHERE = [""]  # the entry that is looked at
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
