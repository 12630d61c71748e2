"""The proofs in a site's copy: each row of its trail, the way from its digest to a seal, the seals, and the anchors.

``verify_copy.py``, which goes along, follows them without this program (ADR 50). Rows are named by the keys that stand
in the sealed texts, not by numbers that count the rows of other sites (ADR 62).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from audit.anchors import all_anchors, document_of
from audit.leaf_format import ACTS, LeafFormat, LeafKeys, RowSpelling, digest_of_format, texts_of
from audit.models import Seal
from audit.seals import keys_after, sorted_leaves
from reports.site_versions import versions_of_site
from trials.models import Site

VERIFIER: Final = Path(__file__).with_name("verify_copy.py")
Place = tuple[str, str]  # a table and the number of a row in it


def keys_of_copy() -> LeafKeys:
    """Return the keys by which a copy names rows: those of the seals, or of its own while none has any."""
    newest = Seal.objects.exclude(leaf_format=None).order_by("-last_act").only("leaf_format").first()
    return keys_after(newest)


def write_proofs(folder: Path, site: Site, acts: Collection[int], keys: LeafKeys) -> None:
    """Write the seals, the anchors and the proof of every sealed row into ``folder``, and the verifier beside it."""
    seals = list(Seal.objects.order_by("first_act"))
    numbers = _numbers_of(site, acts)
    texts = _texts(seals, numbers)
    with (folder / "proofs.jsonl").open("w", encoding="utf-8") as file:
        for seal in seals:
            for line in _proofs(seal, {place: texts[place] for place in _places(seal, numbers)}, keys):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    (folder / "seals.json").write_text(
        json.dumps([_said(seal) for seal in seals], indent=1), encoding="utf-8"
    )
    anchors = [document_of(anchor) for anchor in all_anchors().order_by("last_act")]
    (folder / "anchors.json").write_text(json.dumps(anchors, indent=1, ensure_ascii=False), encoding="utf-8")
    shutil.copyfile(VERIFIER, folder.parent / VERIFIER.name)


def _numbers_of(site: Site, acts: Collection[int]) -> dict[str, set[str]]:
    """Return the numbers of the acts and versions of the copy, by table."""
    numbers = {ACTS: set(map(str, acts))}
    for _table, rows in versions_of_site(site):
        own = rows.order_by().values_list("pgh_id", flat=True)
        numbers[rows.model._meta.db_table] = set(map(str, own))
    return numbers


def _places(seal: Seal, numbers: Mapping[str, set[str]]) -> set[Place]:
    tables = numbers.keys() & seal.leaves.keys()
    return {(table, number) for table in tables for number in numbers[table] & seal.leaves[table].keys()}


def _texts(seals: Iterable[Seal], numbers: Mapping[str, set[str]]) -> dict[Place, str]:
    """Return the text of each sealed row of the copy, as its seal spelled it."""
    alike: dict[tuple[str, RowSpelling], list[int]] = defaultdict(list)
    for seal in seals:
        leaf_format = LeafFormat.of_seal(seal.leaf_format)
        for table, number in _places(seal, numbers):
            alike[table, leaf_format.spelling(table)].append(int(number))
    return {
        (table, number): text
        for (table, spelling), wanted in alike.items()
        for number, text in texts_of(table, "id" if table == ACTS else "pgh_id", wanted, spelling).items()
    }


def _proofs(seal: Seal, wanted: dict[Place, str], keys: LeafKeys) -> Iterator[dict[str, Any]]:
    """Yield the proof of each row under its key; a seal from before keys proves its number, which stands beside it."""
    leaves = sorted_leaves(seal.leaves)
    places = {(table, number): place for place, (table, number, _digest) in enumerate(leaves)}
    levels = _levels([digest for _table, _number, digest in leaves])
    for (table, number), text in sorted(wanted.items(), key=lambda each: places[each[0]]):
        row = int(number) if table == ACTS else keys.key(table, int(number))
        line = {"table": table, "row": row, "seal": seal.last_act, "text": text}
        if seal.leaf_format is None:
            line["number"] = int(number)
        yield {**line, "path": _path(levels, places[table, number])}


def _levels(digests: list[str]) -> list[list[bytes]]:
    """Return the levels of the Merkle tree as ``audit.seals.merkle_root`` builds them; an odd one moves up unpaired."""
    levels = [[hashlib.sha256(b"\x00" + bytes.fromhex(each)).digest() for each in digests]]
    while len(levels[-1]) > 1:
        pairs = [levels[-1][at : at + 2] for at in range(0, len(levels[-1]), 2)]
        levels.append(
            [
                hashlib.sha256(b"\x01" + b"".join(each)).digest() if len(each) == 2 else each[0]
                for each in pairs
            ]
        )
    return levels


def _path(levels: list[list[bytes]], place: int) -> list[str]:
    """Return the neighbours from a leaf to the root: "L" or "R" says on which side each stands."""
    path = []
    for level in levels[:-1]:
        beside = place ^ 1
        if beside < len(level):
            path.append(("L" if beside < place else "R") + level[beside].hex())
        place //= 2
    return path


def _said(seal: Seal) -> dict[str, Any]:
    names = ("first_act", "last_act", "root", "chain", "catalogue", "cluster", "migrations")
    return {
        **{name: getattr(seal, name) for name in names},
        "leaf_format": digest_of_format(seal.leaf_format),
    }
