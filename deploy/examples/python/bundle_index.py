"""The key index a log signs: that the entries under a key are all of them. Part of verify_bundle.py."""
from bundle_tree import Tree, big64, leads_to, message, need, put_varint, sha, take_varint

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
