"""What a bundle is made of, read strictly: numbers, messages, keys, signed checkpoints, and the Merkle tree of RFC 6962. Part of
verify_bundle.py."""
import base64, functools, hashlib, os, re
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EMPTY = hashlib.sha256(b"").digest()
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
