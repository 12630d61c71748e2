"""Check an allocation certificate against the published root: ``python -m randomization.verify FILE ROOT``.

One file, standard library only, so that a site can run it on any machine with Python and without this system:
``python verify.py FILE ROOT`` does the same. The format and the arithmetic are written down in
docs/randomization.md; anyone may write their own.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FORMAT = "palace3-certificate-1"
LEAF_FIELDS = ("arm", "number", "salt", "scheme", "sequence", "stratum")


def leaf(*, scheme: str, stratum: str, sequence: int, number: str, arm: str, salt: str) -> bytes:
    """The bytes of a place that are committed to: ASCII JSON, keys sorted, no spaces; ``salt`` in hex."""
    place = {
        "arm": arm,
        "number": number,
        "salt": salt,
        "scheme": scheme,
        "sequence": sequence,
        "stratum": stratum,
    }
    return json.dumps(place, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_proof(digest: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that ``digest`` at ``index`` of ``size`` leaves leads to; None when the path does not fit."""
    if not 0 <= index < size:
        return None
    position, last = index, size - 1
    for neighbour in path:
        if last == 0:
            return None
        if position % 2 or position == last:
            digest = node_hash(neighbour, digest)
            while position % 2 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            digest = node_hash(digest, neighbour)
        position, last = position >> 1, last >> 1
    return digest if last == 0 else None


def fault_of(certificate: dict[str, Any], published_root: str) -> str | None:
    """None when the certificate's place stood in the list behind the root; else what does not fit."""
    if certificate.get("format") != FORMAT:
        return f"the file is not a certificate of the form {FORMAT}"
    try:
        place = {name: certificate["slot"][name] for name in LEAF_FIELDS}
        proof = certificate["proof"]
        path = [bytes.fromhex(step) for step in proof["path"]]
        index, size = int(proof["index"]), int(proof["size"])
        expected = bytes.fromhex(published_root.strip())
    except (KeyError, TypeError, ValueError) as missing:
        return f"a part of the certificate or of the root cannot be read ({missing})"
    reached = root_from_proof(leaf_hash(leaf(**place)), index=index, size=size, path=path)
    if reached is None:
        return "the proof has the wrong length for its place in the list"
    return None if reached == expected else "the place was not in the list that this root stands for"


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 2:
        return _say("usage: python -m randomization.verify certificate.json root", 2)
    try:
        certificate = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as unreadable:
        return _say(f"NOT PROVED: the certificate cannot be read ({unreadable}).", 2)
    fault = (
        fault_of(certificate, arguments[1]) if isinstance(certificate, dict) else "the file is no certificate"
    )
    if fault:
        return _say(f"NOT PROVED: {fault}.", 1)
    slot = certificate["slot"]
    where = f"number {slot['number']}, stratum {slot['stratum']}, place {slot['sequence']}"
    return _say(f"PROVED: {where}, arm {slot['arm']}.", 0)


def _say(sentence: str, exit_code: int) -> int:
    sys.stdout.write(sentence + "\n")
    return exit_code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
