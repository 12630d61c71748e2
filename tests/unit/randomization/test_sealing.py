"""Sealed arms open only where they belong."""

from __future__ import annotations

import pytest

from randomization.scheme.sealing import (
    KeyRing,
    ListKeyError,
    Sealed,
    SealError,
    arm_content,
    arm_of,
    bound_to,
    new_key,
    rotated,
    seal,
    unseal,
)

CHAPTERS = ("1.9",)

SALT = bytes(range(32))
PLACE = bound_to("PALACE3-A", "01/II", 7)


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing.parse(new_key("k1"))


def test_what_is_sealed_opens_in_its_own_place(ring):
    sealed = seal(ring, arm_content("2", SALT), bound=PLACE)
    assert arm_of(unseal(ring, sealed, bound=PLACE)) == ("2", SALT)


@pytest.mark.parametrize(
    "elsewhere",
    [
        bound_to("PALACE3-A", "01/II", 8),
        bound_to("PALACE3-A", "01/III", 7),
        bound_to("PALACE3-B", "01/II", 7),
    ],
)
def test_a_seal_moved_to_another_place_does_not_open(ring, elsewhere):
    with pytest.raises(SealError):
        unseal(ring, seal(ring, arm_content("2", SALT), bound=PLACE), bound=elsewhere)


def test_an_altered_seal_does_not_open(ring):
    sealed = seal(ring, arm_content("1", SALT), bound=PLACE)
    altered = Sealed(sealed.key_id, sealed.blob[:-1] + bytes([sealed.blob[-1] ^ 1]))
    with pytest.raises(SealError):
        unseal(ring, altered, bound=PLACE)


def test_neither_length_nor_repetition_tells_arms_apart(ring):
    blobs = [seal(ring, arm_content(arm, SALT), bound=PLACE).blob for arm in ("1", "2", "1", "ARM-XYZ")]
    assert len({len(blob) for blob in blobs}) == 1
    assert len(set(blobs)) == 4


def test_parts_that_run_together_are_not_the_same_place():
    assert bound_to("a", "bc", 1) != bound_to("ab", "c", 1)


def test_the_key_changes_place_by_place(ring):
    sealed = seal(ring, b"x", bound=PLACE)
    both = KeyRing("k2", {"k2": b"2" * 32, **ring.keys})
    again = rotated(both, sealed, bound=PLACE)
    assert (again.key_id, unseal(both, again, bound=PLACE)) == ("k2", b"x")
    with pytest.raises(ListKeyError):
        unseal(ring, again, bound=PLACE)


def test_the_keys_come_from_the_variable_or_the_file(tmp_path):
    first, second = new_key("k2"), new_key("k1")
    ring = KeyRing.from_environment({"PALACE3_LIST_KEY": f"{first},{second}"})
    assert (ring.current, set(ring.keys)) == ("k2", {"k1", "k2"})
    file = tmp_path / "list.key"
    file.write_text(f"{first}\n{second}\n", encoding="ascii")
    assert KeyRing.from_environment({"PALACE3_LIST_KEY_FILE": str(file)}) == ring


@pytest.mark.parametrize("text", ["", "k1", "k1:!!", "k1:c2hvcnQ=", ":" + "A" * 43 + "="])
def test_a_key_that_is_none_is_refused(text):
    with pytest.raises(ListKeyError):
        KeyRing.parse(text)


@pytest.mark.parametrize(("arm", "salt"), [("", SALT), ("123456789", SALT), ("1", b"short")])
def test_an_arm_or_salt_that_does_not_fit_is_refused(arm, salt):
    with pytest.raises(ValueError, match="short code"):
        arm_content(arm, salt)
