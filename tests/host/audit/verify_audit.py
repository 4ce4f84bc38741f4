#!/usr/bin/env python3
"""Verifies an export of a Milepost audit trail. Written from docs/audit.md alone, with nothing but Python's own library.

    verify_audit.py EXPORT      exit 0: the trail is whole; 1: the first fault is printed with its line
"""
import hashlib
import json
import re
import sys
from datetime import datetime

TEXTS = ["kind", "user", "action", "subject", "pipeline", "version", "event", "step", "outcome", "plugin"]
HASHED = ["sequence", "time", *TEXTS, "details_digest", "previous"]
MEMBERS = {*HASHED, "hash", "salt", "details"}
ZEROS = "0" * 64


class Fault(Exception):
    pass


def need(condition, fault):
    if not condition:
        raise Fault(fault)


def is_hex(value, size):
    return isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value) is not None


def no_duplicates(pairs):
    need(len({name for name, _ in pairs}) == len(pairs), "a member stands twice")
    return dict(pairs)


def parse(line):
    need(line.startswith(b"{"), "not a JSON object")
    try:
        row = json.loads(line.decode("utf-8"), object_pairs_hook=no_duplicates)
    except (ValueError, RecursionError) as error:
        raise Fault(f"not valid JSON: {error}")
    need(set(row) == MEMBERS, f"wrong members: {sorted(MEMBERS ^ set(row))}")
    need(type(row["sequence"]) is int, "sequence is no integer")
    need(all(isinstance(row[name], str) for name in TEXTS), "a field is no text")
    need(all(is_hex(row[name], 32) for name in ("details_digest", "previous", "hash")), "a digest is malformed")
    time = row["time"]
    shape = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
    need(isinstance(time, str) and re.fullmatch(shape, time), "time is malformed")
    try:
        datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        raise Fault("there is no such time")
    if row["salt"] is not None or row["details"] is not None:
        need(is_hex(row["salt"], 16) and isinstance(row["details"], str), "salt or details are malformed")
    return row


def row_bytes(row):
    out = b"milepost-audit-1\n"
    for name in HASHED:
        field = str(row[name]).encode("utf-8")
        out += b"%d:%s\n" % (len(field), field)
    return out


def verify(lines):
    rows, erased, head = 0, 0, ZEROS
    for line in lines:
        try:
            row = parse(line)
            need(row["sequence"] == rows + 1, f"sequence is {row['sequence']}, not {rows + 1}")
            need(row["previous"] == head, "it does not follow from the row before")
            need(row["hash"] == hashlib.sha256(row_bytes(row)).hexdigest(), "its hash does not match its bytes")
            if row["details"] is None:
                erased += 1
            else:
                salted = bytes.fromhex(row["salt"]) + row["details"].encode("utf-8")
                need(row["details_digest"] == hashlib.sha256(salted).hexdigest(), "its details do not match their digest")
        except (Fault, UnicodeEncodeError) as fault:  # a lone surrogate has no bytes
            return f"fault at line {rows + 1}: {fault}"
        rows, head = rows + 1, row["hash"]
    print(f"rows {rows}, erased {erased}, head {head}")
    return None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as export:
        fault = verify(line.removesuffix(b"\n") for line in export)
    if fault:
        print(fault)
        sys.exit(1)


main()
