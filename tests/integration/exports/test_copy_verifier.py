"""The verifier that goes along with a site's copy: Python alone, each changed byte named (ADR 50)."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from lxml import etree

from audit.leaf_format import LeafFormat
from audit.models import AnchorOccasion
from exports.odm.study import SYSTEM
from exports.site_copy.services import path_of_copy
from kernel.scope import EVERYTHING, scope
from notices.services.anchoring import send_anchor
from tests.integration.audit.test_seals import findings, seal_everything
from tests.integration.exports.test_site_copy import (
    asked_while_working,
    kept_in,
    made,
    set_at_once,
    table,
    working,
)
from tests.world import NOW, World
from tests.world_database import committed_world

__all__ = ["kept_in", "set_at_once"]
pytestmark = pytest.mark.django_db(transaction=True)  # what is sealed was committed


def verify(place: Path, *more: str) -> tuple[int, str]:
    """What the verifier says, run as the investigator does: no library of ours, no environment."""
    program = next(place.parent.rglob("verify_copy.py"))
    said = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(place), *more],
        capture_output=True,
        text=True,
        check=False,
        env={},
    )
    assert not said.stderr, said.stderr
    return said.returncode, said.stdout


FAR = re.compile(r"(?<![0-9a-f])7\d{8}(?![0-9a-f])")
WITH_NUMBERS = "^(crf|followup_visit|trials_(participant|consent|milestone)|accounts_signature)"


@pytest.fixture
def unpacked(
    transactional_db: None, set_at_once: list[str], tmp_path: Path, superuser: psycopg.Connection[Any]
) -> Path:
    """A copy whose trail was sealed and anchored, unpacked as the investigator has it.

    Rows about participants have numbers of nine digits, which nothing else in the copy has.
    """
    world = committed_world()
    superuser.execute(
        "SELECT count(setval(('public.' || sequencename)::regclass, 700000000 + 1000 * number)) FROM ("
        "SELECT sequencename, row_number() OVER () AS number FROM pg_sequences WHERE sequencename ~ %s) s",
        [WITH_NUMBERS],
    )
    working(world)
    return copy_of(world, tmp_path)


def copy_of(world: World, folder: Path) -> Path:
    copy = asked_while_working(world)
    with scope(user_id=None, sites=EVERYTHING):
        send_anchor(occasion=AnchorOccasion.NIGHT, at=NOW)
    with zipfile.ZipFile(path_of_copy(made(copy))) as archive:
        archive.extractall(folder / "copy")
    (unpacked_as,) = (folder / "copy").iterdir()
    return unpacked_as


def write(path: Path, content: str) -> None:
    """A forger who keeps the digests of the files right."""
    path.write_text(content, encoding="utf-8")
    sums = next(each / "SHA256SUMS" for each in path.parents if (each / "SHA256SUMS").exists())
    name = path.relative_to(sums.parent).as_posix()
    lines = [line for line in sums.read_text().splitlines() if not line.endswith(f"  {name}")]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    sums.write_text("\n".join([*lines, f"{digest}  {name}", ""]))


def digest_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def test_an_untouched_copy_is_as_it_was_made_and_fits_the_anchor_of_the_mail(unpacked: Path) -> None:
    (anchor,) = json.loads((unpacked / "audit/anchors.json").read_text())
    kept = unpacked.parent / "anchor.json"
    kept.write_text(json.dumps(anchor))
    assert anchor["signature"]
    for more in ((), ("--against", str(kept)), ("--against", anchor["anchor"]["chain"])):
        code, said = verify(unpacked, *more)
        assert (code, said.splitlines()[-1]) == (0, "The copy is as it was made."), said
    proofs = [json.loads(line) for line in (unpacked / "audit/proofs.jsonl").read_text().splitlines()]
    assert {"audit_act", "trials_participantevent", "trials_consentevent"} <= {
        each["table"] for each in proofs
    }
    assert verify(unpacked, "--against", "0" * 64)[0] == 1


def test_what_is_proven_to_a_site_names_rows_by_keys_that_count_nothing(
    unpacked: Path, set_at_once: list[str], superuser: psycopg.Connection[Any]
) -> None:
    """A row number would tell how many rows the other sites have; a key leads from one table to another (ADR 62)."""
    sealed = superuser.execute("SELECT leaves::text FROM audit_seal").fetchall()
    assert any(FAR.search(leaves) for (leaves,) in sealed), "numbers stay in the database"
    texts = (path for path in unpacked.rglob("*.*") if path.is_file() and path.suffix != ".pdf")
    told = [path.read_text(encoding="utf-8") for path in (*texts, unpacked / "SHA256SUMS")]
    assert [found for text in (*told, *set_at_once) for found in FAR.findall(text)] == []
    rows = table((unpacked / "audit/versions.csv").read_bytes())
    named = {each["ROW"] for each in rows if each["TABLE"] == "trials_participant"}
    assert len(named) == 1
    assert {json.loads(each["CONTENT"]).get("participant_id") for each in rows} - {None} == named
    people = {f"USR.{each['PERSON']}" for each in table((unpacked / "audit/people.csv").read_bytes())}
    tree = etree.parse(unpacked / "odm/audit.xml")
    assert {each.get("OID") for each in tree.iter("{*}User")} - {SYSTEM} == people
    proofs = [json.loads(line) for line in (unpacked / "audit/proofs.jsonl").read_text().splitlines()]
    acts = [json.loads(each["text"]) for each in proofs if each["table"] == "audit_act"]
    assert {f"USR.{act['by_id']}" for act in acts if "by_id" in act} <= people
    assert {act["participant_id"] for act in acts if "participant_id" in act} == named


def test_rows_that_were_sealed_before_there_were_keys_are_proven_by_their_numbers(
    transactional_db: None, set_at_once: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation that seals since long goes on: its old seals hold, and what is sealed now has keys."""
    world = committed_world()
    working(world)
    with monkeypatch.context() as before:
        before.setattr(LeafFormat, "of_models", lambda _keys: LeafFormat())
        seal_everything()
    working(world)
    folder = copy_of(world, tmp_path)
    seal_everything()
    assert findings() == []
    code, said = verify(folder)
    assert code == 0, said
    proofs = [json.loads(line) for line in (folder / "audit/proofs.jsonl").read_text().splitlines()]
    of_versions = [each for each in proofs if each["table"] != "audit_act"]
    old, new = ([each for each in of_versions if ("number" in each) == was] for was in (True, False))
    assert {type(json.loads(each["text"])["pgh_id"]) for each in old} == {int}
    assert {type(json.loads(each["text"])["pgh_id"]) for each in new} == {str}
    changed = (
        (folder / "audit/proofs.jsonl")
        .read_text()
        .replace(f'"number": {old[0]["number"]}', '"number": 777777')
    )
    write(folder / "audit/proofs.jsonl", changed)
    assert "the proof is of another row" in verify(folder)[1]


def test_a_byte_changed_in_any_file_is_named_with_the_file(unpacked: Path) -> None:
    for path in sorted(
        each for each in unpacked.rglob("*") if each.is_file() and each.name != "verify_copy.py"
    ):
        whole = path.read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            code, said = verify(unpacked)
            assert code == 1
            assert path.name in said, (path, place, said)
        path.write_bytes(whole)
    assert verify(unpacked)[0] == 0
    (unpacked / "audit/acts.csv").unlink()
    assert "audit/acts.csv is missing" in verify(unpacked)[1]


def test_a_forger_of_answers_is_found_by_the_manifest_and_by_the_acts(unpacked: Path) -> None:
    """Who and when of a change are those of the act that it names; both files have the digest of the manifest."""
    audit, manifest = unpacked / "odm/audit.xml", unpacked / "manifest.json"
    whole, listed = audit.read_text(encoding="utf-8"), manifest.read_text(encoding="utf-8")
    write(audit, whole.replace("</ODM>", " </ODM>"))
    assert "odm/audit.xml was changed: its digest is not the one in manifest.json" in verify(unpacked)[1]
    record = whole.index("<AuditRecord>")
    changed = whole.index("<DateTimeStamp>", record) + len("<DateTimeStamp>")
    for forged, fault in (
        (whole[:changed] + "1999" + whole[changed + 4 :], "was done at another time"),
        (whole[:record] + whole[record:].replace('UserOID="USR.', 'UserOID="USR.9', 1), "by somebody else"),
    ):
        write(audit, forged)
        write(manifest, listed.replace(digest_of(whole), digest_of(forged)))
        said = verify(unpacked)[1]
        assert fault in said, said
        assert "manifest.json" not in said


def test_a_forger_who_mends_the_digests_is_found_by_the_proofs_and_then_by_the_anchor(unpacked: Path) -> None:
    audit = unpacked / "audit"
    chain = json.loads((audit / "seals.json").read_text())[-1]["chain"]
    acts = (audit / "acts.csv").read_text(encoding="utf-8")
    write(audit / "acts.csv", acts.replace("trials:consent:record", "trials:consent:refuse"))
    assert "says something else than its proof" in verify(unpacked)[1]
    proofs = (audit / "proofs.jsonl").read_text(encoding="utf-8")
    write(audit / "proofs.jsonl", proofs.replace("trials:consent:record", "trials:consent:refuse"))
    assert "it does not lead to the seal" in verify(unpacked)[1]
    write(audit / "acts.csv", acts)
    write(audit / "proofs.jsonl", proofs.partition("\n")[2])
    write(audit / "proofs.jsonl", proofs)
    anchors: list[dict[str, Any]] = json.loads((audit / "anchors.json").read_text())
    anchors[0]["anchor"]["acts"] += 1
    write(audit / "anchors.json", json.dumps(anchors))
    assert "its signature does not fit" in verify(unpacked)[1]
    seals: list[dict[str, Any]] = json.loads((audit / "seals.json").read_text())
    seals[0]["root"] = "1" * 64
    write(audit / "seals.json", json.dumps(seals))
    assert "its chained digest does not follow from the seal before" in verify(unpacked)[1]
    shutil.copyfile(audit / "acts.csv", audit / "more.csv")
    assert "audit/more.csv is not in SHA256SUMS" in verify(unpacked, "--against", chain)[1]
