"""Check an allocation certificate against the published root: ``python -m randomization.allocation.verify FILE ROOT``.

One file, standard library only, so that a site can run it on any machine with Python and without this system:
``python verify.py FILE ROOT`` does the same. The format and the arithmetic are written down in
docs/randomization.md; anyone may write their own.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

FORMAT = "palace3-certificate-1"
LEAF_FIELDS = ("arm", "number", "salt", "scheme", "sequence", "stratum")
COIN_FORMAT = "palace3-minimization-certificate-1"
COIN_FIELDS = ("coin", "favoured", "number", "salt", "scheme", "sequence", "stratum")
Counts = Mapping[str, Mapping[str, int]]


def leaf(*, scheme: str, stratum: str, sequence: int, number: str, arm: str, salt: str) -> bytes:
    """The bytes of a place that are committed to: ASCII JSON, keys sorted, no spaces; ``salt`` in hex."""
    slot = {
        "arm": arm,
        "number": number,
        "salt": salt,
        "scheme": scheme,
        "sequence": sequence,
        "stratum": stratum,
    }
    return _spelled(slot)


def coin_leaf(
    *, scheme: str, stratum: str, sequence: int, number: str, coin: str, favoured: str, salt: str
) -> bytes:
    """As ``leaf``, for a place that holds a coin; how biased it is, is committed to with it."""
    slot = {
        "coin": coin,
        "favoured": favoured,
        "number": number,
        "salt": salt,
        "scheme": scheme,
        "sequence": sequence,
        "stratum": stratum,
    }
    return _spelled(slot)


def _spelled(place: dict[str, Any]) -> bytes:
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


def arm_by_coin(counts: Counts, *, coin: str, favoured: Fraction) -> str:
    """The arm that minimization gives: the balancing one while the coin is below ``favoured``, else another.

    ``counts`` holds, for each factor, how many in each arm share the participant's level. Where several
    arms balance alike, the coin's own part is cut evenly between them, in the order of the arms.
    """
    arms = sorted({arm for per_arm in counts.values() for arm in per_arm})
    scores = {arm: sum(_range_with(per_arm, arm) for per_arm in counts.values()) for arm in arms}
    best = [arm for arm in arms if scores[arm] == min(scores.values())]
    others = [arm for arm in arms if arm not in best]
    drawn = Fraction(coin)
    if not others:
        return best[int(drawn * len(best))]
    if drawn < favoured:
        return best[int(drawn / favoured * len(best))]
    return others[int((drawn - favoured) / (1 - favoured) * len(others))]


def _range_with(per_arm: Mapping[str, int], extra: str) -> int:
    counts = [count + (arm == extra) for arm, count in per_arm.items()]
    return max(counts) - min(counts)


def _fault_of_arm(certificate: dict[str, Any]) -> str | None:
    """None when the arm of a minimization certificate follows from its coin and its counts."""
    stated, slot = certificate["minimization"], certificate["slot"]
    counts, earlier, favoured = stated["counts"], stated["turn"] - 1, Fraction(slot["favoured"])
    arms = {tuple(sorted(per_arm)) for per_arm in counts.values()}
    if not re.fullmatch(r"0\.[0-9]{6}", slot["coin"]) or not Fraction(1, 2) < favoured <= 1 or len(arms) != 1:
        return "coin, bias or counts are not as a minimization certificate states them"
    numbers = [count for per_arm in counts.values() for count in per_arm.values()]
    if not all(isinstance(count, int) and count >= 0 for count in numbers) or any(
        sum(per_arm.values()) > earlier for per_arm in counts.values()
    ):
        return "the counts are of more people than took a place earlier"
    if arm_by_coin(counts, coin=slot["coin"], favoured=favoured) != certificate["arm"]:
        return "the arm does not follow from the coin and the counts"
    return None


def fault_of(certificate: dict[str, Any], published_root: str) -> str | None:
    """None when the certificate's place stood in the list behind the root; else what does not fit.

    Of a minimization certificate the arm is computed again as well, from its coin and its counts.
    """
    form = certificate.get("format")
    if form not in (FORMAT, COIN_FORMAT):
        return f"the file is not a certificate of the form {FORMAT} or {COIN_FORMAT}"
    try:
        fields = LEAF_FIELDS if form == FORMAT else COIN_FIELDS
        slot = {name: certificate["slot"][name] for name in fields}
        fault = None if form == FORMAT else _fault_of_arm(certificate)
        proof = certificate["proof"]
        path = [bytes.fromhex(step) for step in proof["path"]]
        index, size = int(proof["index"]), int(proof["size"])
        expected = bytes.fromhex(published_root.strip())
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as missing:
        return f"a part of the certificate or of the root cannot be read ({missing})"
    if fault is not None:
        return fault
    content = leaf(**slot) if form == FORMAT else coin_leaf(**slot)
    reached = root_from_proof(leaf_hash(content), index=index, size=size, path=path)
    if reached is None:
        return "the proof has the wrong length for its place in the list"
    return None if reached == expected else "the place was not in the list that this root stands for"


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 2:
        return _say("usage: python -m randomization.allocation.verify certificate.json root", 2)
    try:
        certificate = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as unreadable:  # the last: brackets without end
        return _say(f"NOT PROVED: the certificate cannot be read ({unreadable}).", 2)
    fault = (
        fault_of(certificate, arguments[1]) if isinstance(certificate, dict) else "the file is no certificate"
    )
    if fault:
        return _say(f"NOT PROVED: {fault}.", 1)
    slot = certificate["slot"]
    where = f"number {slot['number']}, stratum {slot['stratum']}, place {slot['sequence']}"
    if certificate["format"] == FORMAT:
        return _say(f"PROVED: {where}, arm {slot['arm']}.", 0)
    arm, turn = certificate["arm"], certificate["minimization"]["turn"]
    return _say(f"PROVED: {where}, turn {turn}, coin {slot['coin']}, so by these counts arm {arm}.", 0)


def _say(sentence: str, exit_code: int) -> int:
    encoding = (
        sys.stdout.encoding or "ascii"
    )  # a terminal that cannot show a letter must not hide the verdict
    sys.stdout.write(sentence.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    return exit_code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
