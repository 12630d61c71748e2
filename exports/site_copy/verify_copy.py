#!/usr/bin/env python3
"""Say whether a site's copy of its records is as it was made. Needs Python 3.9 or later and nothing else.

    python3 verify_copy.py                       in the folder of the copy, or
    python3 verify_copy.py FOLDER_OR_ZIP
    python3 verify_copy.py FOLDER_OR_ZIP --against FILE_OR_DIGEST

FILE is an anchor that came by mail, DIGEST the chained digest in it. Without one the copy is only compared with
itself: whoever changes every file of it, the digests included, is found out by an anchor that you kept. Every fault is
named; the exit code is 0 where there is none, else 1.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

SUMS = "SHA256SUMS"
SYSTEM = "USR.SYSTEM"
ANSWERS = ("odm/snapshot.xml", "odm/audit.xml")
BEGIN = "0" * 64


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


class CopyFolder:
    """The files of the copy, unpacked or not, by their path inside it."""

    def __init__(self, place: Path) -> None:
        self.files: dict[str, Callable[[], bytes]] = {}
        if place.is_dir():
            for path in sorted(place.rglob("*")):
                if path.is_file():
                    self.files[path.relative_to(place).as_posix()] = path.read_bytes
            return
        archive = zipfile.ZipFile(place)
        for name in archive.namelist():
            if not name.endswith("/"):
                self.files[name.partition("/")[2]] = partial(archive.read, name)

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise ValueError(f"{name} is missing")
        try:
            return self.files[name]()
        except (OSError, zipfile.BadZipFile) as fault:
            raise ValueError(f"{name} cannot be read: {fault}") from None

    def table(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.read(name).decode("utf-8-sig"), newline="")))


def faults_of_files(copy: CopyFolder) -> Iterator[str]:
    """Every file has the digest in SHA256SUMS, and none is there that the list does not name."""
    listed = {}
    for line in copy.read(SUMS).decode("utf-8").rstrip("\n").split("\n"):
        digest, _, name = line.partition("  ")
        listed[name] = digest
    for name in sorted(set(copy.files) | set(listed)):
        if name == SUMS:
            continue
        if name not in listed:
            yield f"{name} is not in {SUMS}"
        elif name not in copy.files:
            yield f"{name} is missing"
        else:
            try:
                content = copy.read(name)
            except ValueError as fault:
                yield str(fault)
                continue
            if hashlib.sha256(content).hexdigest() != listed[name]:
                yield f"{name} was changed: its digest is not the one in {SUMS}"


def faults_of_seals(seals: list[dict[str, Any]]) -> Iterator[str]:
    """Each seal follows the one before, and the chain of their digests is unbroken from the first act on."""
    before, next_act = BEGIN, 1
    for seal in seals:
        parts = [before, seal["root"], seal["first_act"], seal["last_act"]]
        stamp = [seal["catalogue"], seal["cluster"], seal["migrations"]]
        if None not in stamp:
            parts += stamp
        if seal.get("leaf_format"):
            parts.append(seal["leaf_format"])
        where = f"seal of acts {seal['first_act']} to {seal['last_act']}"
        if seal["first_act"] != next_act:
            yield f"{where}: acts from {next_act} on are in no seal"
        if hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest() != seal["chain"]:
            yield f"{where}: its chained digest does not follow from the seal before"
        before, next_act = seal["chain"], seal["last_act"] + 1


def root_from(text: str, path: list[str]) -> str:
    """The root that the way from a row leads to."""
    leaf = hashlib.sha256(text.encode()).digest()
    node = hashlib.sha256(b"\x00" + leaf).digest()
    for step in path:
        beside = bytes.fromhex(step[1:])
        node = hashlib.sha256(b"\x01" + (beside + node if step[0] == "L" else node + beside)).digest()
    return node.hex()


def faults_of_proofs(proofs: list[dict[str, Any]], seals: list[dict[str, Any]]) -> Iterator[str]:
    """Each row leads to the root of its seal.

    A row is named by its key; one that was sealed before there were keys has its number in the text, and beside it.
    """
    roots = {seal["last_act"]: seal["root"] for seal in seals}
    for proof in proofs:
        row = json.loads(proof["text"])
        where = f"{proof['table']} row {proof['row']}"
        named = proof.get("number", proof["row"])
        if row.get("id" if proof["table"] == "audit_act" else "pgh_id") != named:
            yield f"{where}: the proof is of another row"
        if root_from(proof["text"], proof["path"]) != roots.get(proof["seal"]):
            yield f"{where}: it does not lead to the seal that ends at act {proof['seal']}"


def faults_of_tables(copy: CopyFolder, proofs: list[dict[str, Any]]) -> Iterator[str]:
    """What the tables of acts and versions say is what the proven rows say; what is not sealed yet is counted."""
    proven = {(proof["table"], str(proof["row"])): json.loads(proof["text"]) for proof in proofs}
    unproven = 0
    for line in copy.table("audit/acts.csv"):
        row = proven.pop(("audit_act", line["ACT"]), None)
        if row is None:
            unproven += 1
        elif (line["VERB"], line["REASON"], line["ROLE"]) != (row["verb"], row["reason"], row["role"]):
            yield f"acts.csv: act {line['ACT']} says something else than its proof"
    for line in copy.table("audit/versions.csv"):
        row = proven.pop((line["TABLE"] + "event", line["VERSION"]), None)
        if row is None:
            unproven += 1
            continue
        content = json.loads(line["CONTENT"])
        is_same = all(
            value == row[name] for name, value in content.items() if _is_alike(value, row.get(name))
        )
        if not is_same or (isinstance(row["pgh_obj_id"], str) and line["ROW"] != row["pgh_obj_id"]):
            yield f"versions.csv: version {line['VERSION']} of {line['TABLE']} says something else than its proof"
    for table, number in sorted(proven):
        yield f"{table} row {number} is proven and stands in no table"
    if unproven:
        say(
            f"note: {unproven} rows were written after the last seal, and are compared by the digests of files alone"
        )


def faults_of_answers(copy: CopyFolder, proofs: list[dict[str, Any]]) -> Iterator[str]:
    """Both files of answers have the digest of the manifest, and who and when of each change are those of its act."""
    listed = {each["file"]: each["sha256"] for each in json.loads(copy.read("manifest.json"))["files"]}
    for name in ANSWERS:
        if hashlib.sha256(copy.read(name)).hexdigest() != listed.get(name):
            yield f"{name} was changed: its digest is not the one in manifest.json"
    acts = {proof["row"]: json.loads(proof["text"]) for proof in proofs if proof["table"] == "audit_act"}
    for number, person, at in _changes(copy.read(ANSWERS[1])):
        act = acts.get(number)
        if act is None:
            continue  # not sealed yet
        by = act.get("by_id")  # empties are left out of a proven row; a number is from before there were keys
        if not isinstance(by, int) and person != (SYSTEM if by is None else f"USR.{by}"):
            yield f"{ANSWERS[1]}: act {number} was done by somebody else"
        if _moment(at) != _moment(act["at"]):
            yield f"{ANSWERS[1]}: act {number} was done at another time"


def _changes(content: bytes) -> Iterator[tuple[int, str, str]]:
    """The number of the act, the person and the moment of each change that names its act."""
    for _event, element in ET.iterparse(io.BytesIO(content)):  # noqa: S314 (Python alone; its digest was compared)
        if element.tag.rpartition("}")[2] == "SubjectData":
            element.clear()
        if element.tag.rpartition("}")[2] != "AuditRecord":
            continue
        said = {child.tag.rpartition("}")[2]: child for child in element}
        source = (said["SourceID"].text or "") if "SourceID" in said else ""
        if source.startswith("ACT."):
            yield int(source[4:]), said["UserRef"].get("UserOID", ""), said["DateTimeStamp"].text or ""


def _moment(text: str) -> datetime:
    """A moment to the second."""
    without_fraction = re.sub(r"\.\d+", "", text.replace("Z", "+00:00"))
    return datetime.fromisoformat(without_fraction).astimezone(timezone.utc)  # noqa: UP017 (Python 3.9)


def _is_alike(value: Any, proven: Any) -> bool:
    """Say whether both spell such a value in the same way: not moments and decimals."""
    if isinstance(value, str):
        return isinstance(proven, str) and not (value[4:5] == "-" and "T" in value)
    return isinstance(value, int) and isinstance(proven, int)


def faults_of_anchors(anchors: list[dict[str, Any]], seals: list[dict[str, Any]]) -> Iterator[str]:
    """Each anchor bears a signature that fits, and says the chained digest of the seal at its act."""
    chains = {seal["last_act"]: seal["chain"] for seal in seals}
    keys = set()
    for document in anchors:
        said = document["anchor"]
        where = f"anchor of {said['made_at']}"
        if said["chain"] != BEGIN and chains.get(said["last_act"]) != said["chain"]:
            yield f"{where}: no seal at act {said['last_act']} has its chained digest"
        if document["signature"]:
            keys.add(document["public_key"])
            text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
            if not is_signed(document["public_key"], document["signature"], text.encode()):
                yield f"{where}: its signature does not fit"
    for key in sorted(keys):
        say(f"note: anchors are signed with the key {key}: compare it with the one in your mails")


def faults_against(kept: str, seals: list[dict[str, Any]]) -> Iterator[str]:
    """What you kept yourself stands in the chain of the copy."""
    text = Path(kept).read_text(encoding="utf-8") if Path(kept).exists() else kept
    try:
        document = json.loads(text)
        chain, last = document["anchor"]["chain"], document["anchor"]["last_act"]
    except (ValueError, KeyError, TypeError):
        chain, last = text.strip().lower(), None
    at = [seal["last_act"] for seal in seals if seal["chain"] == chain]
    if not at or last not in (None, at[0]):
        yield f"no seal of the copy has the chained digest {chain}: history before it was written anew"


# Ed25519 as RFC 8032 describes it, for verification alone: slow, plain, without a library.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def _add(a: Point, b: Point) -> Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    x, y, z, t = f - e, h - g, h + g, f + e
    return (x * y % P, z * t % P, y * z % P, x * t % P)


def _times(number: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point, number = _add(point, point), number >> 1
    return result


def _x_of(y: int, sign: int) -> int:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    return x if (x & 1) == sign else P - x


def _point(data: bytes) -> Point:
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    x = _x_of(y, sign)
    return (x, y, 1, x * y % P)


def is_signed(public_key: str, signature: str, message: bytes) -> bool:
    """Say whether the signature fits the message."""
    try:
        key, both = base64.b64decode(public_key, validate=True), base64.b64decode(signature, validate=True)
        if len(key) != 32 or len(both) != 64:
            return False
        point, commitment, s = _point(key), _point(both[:32]), int.from_bytes(both[32:], "little")
    except ValueError:
        return False
    if s >= Q:
        return False
    y = 4 * pow(5, P - 2, P) % P
    x = _x_of(y, 0)
    h = int.from_bytes(hashlib.sha512(both[:32] + key + message).digest(), "little") % Q
    one, other = _times(s, (x, y, 1, x * y % P)), _add(commitment, _times(h, point))
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % P == 0


def faults_of(place: Path, against: str | None = None) -> Iterator[str]:
    """Yield every fault of the copy, named."""
    copy = CopyFolder(place)
    try:
        yield from faults_of_files(copy)
        seals = json.loads(copy.read("audit/seals.json"))
        proofs = [json.loads(line) for line in copy.read("audit/proofs.jsonl").decode("utf-8").splitlines()]
        yield from faults_of_seals(seals)
        yield from faults_of_proofs(proofs, seals)
        yield from faults_of_tables(copy, proofs)
        yield from faults_of_answers(copy, proofs)
        yield from faults_of_anchors(json.loads(copy.read("audit/anchors.json")), seals)
        if against:
            yield from faults_against(against, seals)
    except (ValueError, KeyError, TypeError, ET.ParseError) as fault:
        yield f"the copy cannot be read to its end: {fault}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("place", nargs="?", default=".", type=Path)
    parser.add_argument("--against")
    asked = parser.parse_args()
    try:
        faults = list(faults_of(asked.place, asked.against))
    except (OSError, zipfile.BadZipFile) as fault:
        faults = [f"{asked.place} cannot be opened: {fault}"]
    for line in faults:
        say(line)
    say("The copy is as it was made." if not faults else f"{len(faults)} faults.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
