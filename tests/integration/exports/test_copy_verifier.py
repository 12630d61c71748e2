"""The verifier that goes along with a site's copy: Python alone, each changed byte named (ADR 50)."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from audit.models import AnchorOccasion
from exports.site_copy.services import path_of_copy
from kernel.scope import EVERYTHING, scope
from notices.services.anchoring import send_anchor
from tests.integration.exports.test_site_copy import asked_while_working, kept_in, made, set_at_once, working
from tests.world import NOW
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


@pytest.fixture
def unpacked(transactional_db: None, set_at_once: list[str], tmp_path: Path) -> Path:
    """A copy whose trail was sealed and anchored, unpacked as the investigator has it."""
    world = committed_world()
    working(world)
    copy = asked_while_working(world)
    with scope(user_id=None, sites=EVERYTHING):
        send_anchor(occasion=AnchorOccasion.NIGHT, at=NOW)
    with zipfile.ZipFile(path_of_copy(made(copy))) as archive:
        archive.extractall(tmp_path / "copy")
    (folder,) = (tmp_path / "copy").iterdir()
    return folder


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
