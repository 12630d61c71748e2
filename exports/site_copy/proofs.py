"""The proofs in a site's copy: each row of its trail, the way from its digest to a seal, the seals, and the anchors.

``verify_copy.py``, which goes along, follows them without this program (ADR 50).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from django.db import connection

from audit.anchors import all_anchors, document_of
from audit.models import Seal
from audit.seals import sorted_leaves
from reports.site_versions import versions_of_site
from trials.models import Site

VERIFIER: Final = Path(__file__).with_name("verify_copy.py")
_TEXT: Final = (
    "jsonb_strip_nulls(to_jsonb(r))::text"  # the spelling of a row that its digest is of (audit.seals)
)


def write_proofs(folder: Path, site: Site, acts: Collection[int]) -> None:
    """Write the seals, the anchors and the proof of every sealed row into ``folder``, and the verifier beside it."""
    seals = list(Seal.objects.order_by("first_act"))
    rows = _rows_of(site, acts)
    with (folder / "proofs.jsonl").open("w", encoding="utf-8") as file:
        for seal in seals:
            for line in _proofs(seal, {key: rows[key] for key in _places(seal, rows)}):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    (folder / "seals.json").write_text(
        json.dumps([_said(seal) for seal in seals], indent=1), encoding="utf-8"
    )
    anchors = [document_of(anchor) for anchor in all_anchors().order_by("last_act")]
    (folder / "anchors.json").write_text(json.dumps(anchors, indent=1, ensure_ascii=False), encoding="utf-8")
    shutil.copyfile(VERIFIER, folder.parent / VERIFIER.name)


def _places(seal: Seal, rows: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    return {key for key in rows if key[1] in seal.leaves.get(key[0], {})}


def _rows_of(site: Site, acts: Collection[int]) -> dict[tuple[str, str], str]:
    """Return the spelling of each act and each version of the copy, by table and number."""
    texts = _texts("audit_act", "id", list(acts))
    for _table, rows in versions_of_site(site):
        numbers = list(rows.order_by().values_list("pgh_id", flat=True))
        texts |= _texts(rows.model._meta.db_table, "pgh_id", numbers)
    return texts


def _texts(table: str, key: str, numbers: list[int]) -> dict[tuple[str, str], str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key}, {_TEXT} FROM {table} r WHERE {key} = ANY(%s)", [numbers])  # noqa: S608
        return {(table, str(number)): text for number, text in cursor.fetchall()}


def _proofs(seal: Seal, wanted: dict[tuple[str, str], str]) -> Iterator[dict[str, Any]]:
    leaves = sorted_leaves(seal.leaves)
    places = {(table, number): place for place, (table, number, _digest) in enumerate(leaves)}
    levels = _levels([digest for _table, _number, digest in leaves])
    for (table, number), text in sorted(wanted.items(), key=lambda each: places[each[0]]):
        path = _path(levels, places[table, number])
        yield {"table": table, "row": int(number), "seal": seal.last_act, "text": text, "path": path}


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
    return {
        name: getattr(seal, name)
        for name in ("first_act", "last_act", "root", "chain", "catalogue", "cluster", "migrations")
    }
