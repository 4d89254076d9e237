#!/usr/bin/env python3
"""Whether the recorded terminal (deploy/up.cast) still shows what deploy/up prints:

    recording.py CAST LOG

LOG is what a run of today has printed. Names, times and numbers differ from run to run; the chapters, and from the verification
of the log on every line's label, do not.
"""
import json
import re
import sys

LABEL = re.compile(r"[A-Za-z][A-Za-z' -]*")


def lines_of(text):
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    # What a carriage return has written over was not there to stay.
    return [line.rstrip("\r").split("\r")[-1].rstrip() for line in text.split("\n")]


def shape(lines):
    """The chapters, and the labels of the last two: what stands before two spaces, or the words before the first number or path."""
    chapters = [line for line in lines if line.startswith("── ")]
    begin = next(i for i, line in enumerate(lines) if line.lstrip().startswith("$ mesoctl audit verify"))
    labels = []
    for line in lines[begin:]:
        found = LABEL.match(re.sub(r"^[^A-Za-z]*", "", line).split("  ")[0])
        if found:
            labels.append(found.group().strip())
    return [chapter.strip("─ ") for chapter in chapters], labels


def main(cast, log):
    with open(cast, encoding="utf-8") as file:
        recorded = "".join(json.loads(line)[2] for line in file.read().splitlines()[1:])
    with open(log, encoding="utf-8") as file:
        printed = file.read()
    then, now = shape(lines_of(recorded)), shape(lines_of(printed))
    for part, before, after in zip(("chapters", "labels"), then, now):
        gone = [label for label in before if label not in after]
        new = [label for label in after if label not in before]
        if gone or new:
            sys.exit(f"deploy/up.cast is out of date: of its {part} {gone} are gone and {new} are new; record it again "
                     "(deploy/record --help)")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
