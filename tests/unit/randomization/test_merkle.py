"""The commitment to a list and the proof of one place in it."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from randomization.allocation.verify import FORMAT, fault_of, main
from randomization.scheme import merkle

REPOSITORY = Path(__file__).parents[3]
leaves = st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=40)


def hashes_of(contents: list[bytes]) -> list[bytes]:
    return [merkle.leaf_hash(content) for content in contents]


def rfc_root(hashes: list[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + rfc_root(hashes[:split]) + rfc_root(hashes[split:])).digest()


@given(leaves)
def test_the_root_is_the_standards_root(contents):
    hashes = hashes_of(contents)
    assert merkle.root(hashes) == rfc_root(hashes)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the tree
@given(leaves)
def test_each_place_has_a_proof_that_leads_to_the_root(contents):
    hashes = hashes_of(contents)
    for index, path in enumerate(merkle.proofs(hashes)):
        reached = merkle.root_from_proof(hashes[index], index=index, size=len(hashes), path=path)
        assert reached == merkle.root(hashes)


@given(leaves, st.data())
def test_a_proof_fits_one_place_only(contents, data):
    hashes = hashes_of([bytes([i]) + content for i, content in enumerate(contents)])
    index = data.draw(st.integers(0, len(hashes) - 1))
    other = data.draw(st.integers(0, len(hashes) - 1))
    path = merkle.proofs(hashes)[index]
    reached = merkle.root_from_proof(hashes[index], index=other, size=len(hashes), path=path)
    assert (reached == merkle.root(hashes)) == (other == index)


def test_a_proof_too_long_too_short_or_outside_the_list_leads_nowhere():
    hashes = hashes_of([b"a", b"b", b"c"])
    path = merkle.proofs(hashes)[0]
    assert merkle.root_from_proof(hashes[0], index=0, size=3, path=[*path, path[0]]) is None
    assert merkle.root_from_proof(hashes[0], index=0, size=3, path=path[:1]) is None
    assert merkle.root_from_proof(hashes[0], index=3, size=3, path=path) is None
    assert merkle.root_from_proof(hashes[0], index=-1, size=3, path=path) is None


def test_a_node_cannot_pass_for_a_leaf():
    hashes = hashes_of([b"a", b"b"])
    assert merkle.leaf_hash(hashes[0] + hashes[1]) != merkle.root(hashes)
    assert merkle.root([]) == hashlib.sha256(b"").digest()


def place(sequence: int) -> dict:
    return {
        "scheme": "PALACE3-A",
        "stratum": "01/II",
        "sequence": sequence,
        "number": f"R1-10000{sequence}",
        "arm": "12"[sequence % 2],
        "salt": hashlib.sha256(bytes([sequence])).hexdigest(),
    }


@pytest.fixture
def certificate() -> dict:
    hashes = hashes_of([merkle.leaf(**place(n)) for n in range(1, 8)])
    path = [step.hex() for step in merkle.proofs(hashes)[2]]
    return {
        "format": FORMAT,
        "slot": place(3),
        "proof": {"index": 2, "size": 7, "path": path},
        "root": merkle.root(hashes).hex(),
    }


def test_a_true_certificate_is_proved(certificate):
    assert fault_of(certificate, certificate["root"]) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("arm", "1"),
        ("number", "R1-100004"),
        ("sequence", 4),
        ("stratum", "01/III"),
        ("scheme", "PALACE3-B"),
        ("salt", "00" * 32),
    ],
)
def test_a_certificate_changed_anywhere_is_not_proved(certificate, field, value):
    certificate["slot"][field] = value
    assert "was not in the list" in fault_of(certificate, certificate["root"])


def test_a_certificate_that_cannot_be_read_says_so(certificate):
    root = certificate["root"]
    for spoil in (
        lambda c: c.pop("slot"),
        lambda c: c["slot"].pop("salt"),
        lambda c: c["proof"].update(path=["xyz"]),
        lambda c: c["proof"].update(index=float("inf")),
        lambda c: c.update(slot=None),
    ):
        spoiled = copy.deepcopy(certificate)
        spoil(spoiled)
        assert "cannot be read" in fault_of(spoiled, root)
    assert "cannot be read" in fault_of(certificate, "no root")
    assert "wrong length" in fault_of({**certificate, "proof": {**certificate["proof"], "path": []}}, root)
    assert "not a certificate" in fault_of({**certificate, "format": "other"}, root)


def test_the_command_says_proved_and_exits_with_nought(certificate, tmp_path, capsys):
    file = tmp_path / "certificate.json"
    file.write_text(json.dumps(certificate), encoding="utf-8")
    assert main([str(file), certificate["root"]]) == 0
    assert "PROVED: number R1-100003, stratum 01/II, place 3, arm 2." in capsys.readouterr().out
    assert main([str(file), "00" * 32]) == 1
    assert main([str(tmp_path / "none.json"), certificate["root"]]) == 2
    assert main([]) == 2
    file.write_text("[]", encoding="utf-8")
    assert main([str(file), certificate["root"]]) == 1
    file.write_text("[" * 100_000, encoding="utf-8")
    assert main([str(file), certificate["root"]]) == 2
    assert "NOT PROVED: the certificate cannot be read" in capsys.readouterr().out


def test_a_letter_that_the_terminal_cannot_show_does_not_hide_the_verdict(tmp_path, capsys):
    odd = place(1) | {"number": "\ud800"}
    alone = merkle.leaf_hash(merkle.leaf(**odd)).hex()
    file = tmp_path / "certificate.json"
    proof = {"index": 0, "size": 1, "path": []}
    file.write_text(json.dumps({"format": FORMAT, "slot": odd, "proof": proof}), encoding="utf-8")
    assert main([str(file), alone]) == 0
    assert "PROVED: number \\ud800, stratum 01/II" in capsys.readouterr().out


@pytest.mark.parametrize("tampered", [False, True])
def test_one_file_and_python_are_enough(certificate, tmp_path, tampered):
    """``verify.py`` alone in an empty folder, by an interpreter that sees nothing else (-S -I)."""
    shutil.copy(REPOSITORY / "randomization" / "allocation" / "verify.py", tmp_path)
    root = certificate["root"]
    certificate["slot"]["arm"] = "1" if tampered else certificate["slot"]["arm"]
    (tmp_path / "certificate.json").write_text(json.dumps(certificate), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "certificate.json", root],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={},
    )
    assert (done.returncode, done.stdout.split(":")[0]) == ((1, "NOT PROVED") if tampered else (0, "PROVED"))


def test_the_module_runs_from_the_repository_without_any_package(certificate, tmp_path):
    file = tmp_path / "certificate.json"
    file.write_text(json.dumps(certificate), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-m", "randomization.allocation.verify", str(file), certificate["root"]],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("PROVED")
