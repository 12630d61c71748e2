"""Coins and the arms that follow from them: pure, worked by hand, pinned (protocol 1.9; ADR 14)."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from randomization.allocation import verify
from randomization.scheme import merkle
from randomization.scheme.blocks import Design, DesignError, Stream, derive
from randomization.scheme.coins import Coin, CoinDesign, levels_of, stratum_coins
from randomization.scheme.generation import algorithm_of, design_from, leaf_of
from randomization.scheme.minimization import AllocatedParticipant, arm_by_coin, imbalances, marginal_counts
from randomization.scheme.replay import OpenCoin, replay
from randomization.scheme.scheme_file import SchemeFile, SchemeFileError, read_scheme

CHAPTERS = ("1.9",)

ARMS = ("1", "2")
FOUR_FIFTHS = Fraction(4, 5)


def counts(site: tuple[int, int], stage: tuple[int, int]) -> dict[str, dict[str, int]]:
    return {
        "site": dict(zip(ARMS, site, strict=True)),
        "stage_group": dict(zip(ARMS, stage, strict=True)),
    }


# By hand. Site (2, 0), stage (1, 1): arm 1 leaves |3-0| + |2-1| = 4, arm 2 leaves |2-1| + |1-2| = 2, so arm 2.
# Site (1, 2), stage (3, 1): arm 1 leaves 0 + 3 = 3, arm 2 leaves 2 + 1 = 3, a tie. (0, 1), (0, 3): arm 1.
@pytest.mark.parametrize(
    ("site", "stage", "coin", "arm"),
    [
        ((2, 0), (1, 1), "0.000000", "2"),
        ((2, 0), (1, 1), "0.799999", "2"),
        ((2, 0), (1, 1), "0.800000", "1"),
        ((2, 0), (1, 1), "0.999999", "1"),
        ((1, 2), (3, 1), "0.499999", "1"),
        ((1, 2), (3, 1), "0.500000", "2"),
        ((0, 1), (0, 3), "0.790000", "1"),
        ((0, 1), (0, 3), "0.810000", "2"),
        ((0, 0), (0, 0), "0.000000", "1"),
        ((0, 0), (0, 0), "0.999999", "2"),
    ],
)
def test_the_arm_follows_from_coin_and_counts(site: Any, stage: Any, coin: str, arm: str) -> None:
    assert arm_by_coin(counts(site, stage), coin=coin, favoured=FOUR_FIFTHS) == arm


people = st.builds(
    AllocatedParticipant,
    st.fixed_dictionaries(
        {"site": st.sampled_from(["01", "02"]), "stage_group": st.sampled_from(["II", "III"])}
    ),
    st.sampled_from(ARMS),
)


@given(st.lists(people, max_size=30), st.integers(0, 999_999))
def test_the_certificates_arithmetic_is_that_of_the_simulation(
    past: list[AllocatedParticipant], drawn: int
) -> None:
    levels = {"site": "01", "stage_group": "III"}
    scores = imbalances(levels, past, arms=ARMS)
    arm = arm_by_coin(marginal_counts(levels, past, ARMS), coin=f"0.{drawn:06d}", favoured=FOUR_FIFTHS)
    if scores["1"] == scores["2"]:
        assert arm == ("1" if drawn < 500_000 else "2")
    else:
        assert (scores[arm] == min(scores.values())) == (drawn < 800_000)


# What one seed gives, forever, as for blocks.
def test_the_coins_of_a_seed_are_pinned() -> None:
    coins = stratum_coins(CoinDesign("PALACE3-M"), seed="pinned", stratum="01/III", count=500)
    assert len({len(slot.coin) for slot in coins}) == 1
    digest = hashlib.sha256("".join(slot.coin for slot in coins).encode()).hexdigest()
    assert (coins[0].coin, digest) == PINNED


PINNED = ("0.695704", "05f0fc9104ef4574e59f530004064b26a26b7635546a8a5cadacdc5cbfe66672")


def test_coins_are_uniform_and_an_extension_goes_on() -> None:
    design = CoinDesign("M")
    coins = stratum_coins(design, seed="u", stratum="01/II", count=5_000)
    tenths = Counter(slot.coin[2] for slot in coins)
    assert len(tenths) == 10
    assert all(400 < count < 600 for count in tenths.values())
    assert stratum_coins(design, seed="u", stratum="01/II", count=7, after=20) == coins[20:27]
    other = stratum_coins(design, seed="u", stratum="01/III", count=50)
    assert [slot.coin for slot in other] != [slot.coin for slot in coins[:50]]


def test_a_design_is_read_as_what_it_was_spelled() -> None:
    minimizing, blocks = CoinDesign("M", favoured=Fraction(3, 4)), Design("B")
    assert design_from(minimizing.canonical()) == minimizing
    assert design_from(blocks.canonical()) == blocks
    assert (algorithm_of(minimizing), algorithm_of(blocks)) == (
        "palace3-minimization-1:3/4",
        "palace3-blocks-1",
    )


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"scheme": ""}, "scheme-unnamed"),
        ({"arms": ("1", "1")}, "arms-not-distinct"),
        ({"favoured": Fraction(1, 2)}, "coin-not-biased"),
        ({"favoured": Fraction(11, 10)}, "coin-not-biased"),
    ],
)
def test_a_design_that_cannot_be_says_why(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(DesignError) as refused:
        CoinDesign(**{"scheme": "M", **wrong})
    assert refused.value.code == code


@pytest.fixture
def certificate() -> dict[str, Any]:
    design = CoinDesign("PALACE3-M")
    slots = [Coin("01/III", n, f"0.{n}00000") for n in (1, 2, 3)]
    hashes = [
        merkle.leaf_hash(leaf_of(design, slot, seed="s", number=f"R1A-10000{slot.sequence}"))
        for slot in slots
    ]
    leaf = json.loads(leaf_of(design, slots[1], seed="s", number="R1A-100002"))
    return {
        "format": verify.COIN_FORMAT,
        "slot": leaf,
        "arm": "2",
        "minimization": {"turn": 4, "counts": counts((2, 0), (1, 1))},
        "proof": {"index": 1, "size": 3, "path": [step.hex() for step in merkle.proofs(hashes)[1]]},
        "root": merkle.root(hashes).hex(),
    }


def test_verify_proves_the_coin_and_computes_the_arm(certificate: dict[str, Any], tmp_path: Path) -> None:
    assert verify.fault_of(certificate, certificate["root"]) is None
    (tmp_path / "c.json").write_text(json.dumps(certificate), encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-I", "-S", verify.__file__, str(tmp_path / "c.json"), certificate["root"]],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "turn 4, coin 0.200000, so by these counts arm 2" in said


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c.update(arm="1"), "does not follow"),
        (lambda c: c["slot"].update(coin="0.900000"), "does not follow"),
        (lambda c: c["slot"].update(coin="0.300000"), "not in the list"),
        (lambda c: c["slot"].update(favoured="3/4"), "not in the list"),
        (lambda c: c["slot"].update(favoured="0/1"), "not as a minimization certificate"),
        (lambda c: c["slot"].update(coin="1/5"), "not as a minimization certificate"),
        (lambda c: c["slot"].pop("coin"), "cannot be read"),
        (lambda c: c["minimization"].pop("counts"), "cannot be read"),
        (lambda c: c["minimization"].update(counts={}), "not as a minimization certificate"),
        (lambda c: c["minimization"].update(counts=counts((2, 2), (1, 1))), "more people"),
        (lambda c: c["minimization"]["counts"]["site"].update({"1": -1}), "more people"),
        (lambda c: c.update(format="palace3-certificate-1"), "cannot be read"),
        (lambda c: c["proof"].update(size=9), "wrong length"),
    ],
)
def test_a_certificate_that_was_changed_is_not_proved(
    certificate: dict[str, Any], change: Any, says: str
) -> None:
    change(certificate)
    assert says in str(verify.fault_of(certificate, certificate["root"]))


AT = datetime(2026, 11, 20, tzinfo=UTC)


def taken(stratum: str, sequence: int, coin: str, turn: int, told: str, **stated: Any) -> OpenCoin:
    return OpenCoin(stratum, sequence, coin, turn, told, {"turn": turn, **stated}, AT)


def three() -> list[OpenCoin]:
    """01/III by a tie, coin low: arm 1. 02/III: arm 2 balances the stage. 01/II: arm 2 balances the site."""
    first = {"site": {"1": 0, "2": 0}, "stage_group": {"1": 0, "2": 0}}
    second = {"site": {"1": 0, "2": 0}, "stage_group": {"1": 1, "2": 0}}
    third = {"site": {"1": 1, "2": 0}, "stage_group": {"1": 0, "2": 0}}
    return [
        taken("01/III", 1, "0.100000", 1, "1", counts=first),
        taken("02/III", 1, "0.100000", 2, "2", counts=second),
        taken("01/II", 1, "0.100000", 3, "2", counts=third),
        OpenCoin("01/II", 2, "0.500000", None, None, None, None),
    ]


def test_replaying_gives_every_arm_again_and_none_to_a_coming_place() -> None:
    found = replay(reversed(three()), favoured=FOUR_FIFTHS)
    assert {slot: (again.arm, again.faults) for slot, again in found.items()} == {
        ("01/III", 1): ("1", ()),
        ("02/III", 1): ("2", ()),
        ("01/II", 1): ("2", ()),
        ("01/II", 2): ("", ()),
    }


@pytest.mark.parametrize(
    ("index", "change", "says"),
    [
        (1, {"told": "1"}, "another arm"),
        (1, {"stated": {"turn": 2, "counts": {}}}, "other counts"),
        (2, {"turn": 5}, "the turn is 5 where 3 was due"),
        (3, {"at": AT}, "has no turn"),
    ],
)
def test_replaying_names_what_was_not_followed(index: int, change: dict[str, Any], says: str) -> None:
    slots = three()
    known = vars(slots[index]) | change
    slots[index] = OpenCoin(**known)
    found = replay(slots, favoured=FOUR_FIFTHS)
    assert says in " ".join(found[slots[index].stratum, slots[index].sequence].faults)


def test_replaying_sees_a_place_that_was_skipped() -> None:
    slots = [OpenCoin("01/II", 2, "0.1", 1, None, None, AT), OpenCoin("01/II", 1, "0.1", 2, None, None, AT)]
    found = replay(slots, favoured=FOUR_FIFTHS)
    assert found["01/II", 1].faults == ("a later place of the stratum had an earlier turn",)


def test_forty_at_two_sites_stay_balanced_within_every_level() -> None:
    """300 trials from fixed seeds: the arms differ by 4 at most in 95 of 100, in the trial and in every level."""
    worst = []
    for trial in range(300):
        strata = [f"{site}/{stage}" for site in ("01", "02") for stage in ("II", "III", "IVA")]
        coins = {
            s: iter(stratum_coins(CoinDesign("M"), seed=str(trial), stratum=s, count=40)) for s in strata
        }
        arrivals, past = Stream(derive(str(trial), "arrivals")), []
        for _ in range(40):
            stratum = strata[arrivals.below(6)]
            levels = levels_of(stratum)
            seen = marginal_counts(levels, past, ARMS)
            past.append(
                AllocatedParticipant(
                    levels, arm_by_coin(seen, coin=next(coins[stratum]).coin, favoured=FOUR_FIFTHS)
                )
            )
        groups = Counter((level, person.arm) for person in past for level in ("", *person.levels.values()))
        worst.append(max(abs(groups[level, "1"] - groups[level, "2"]) for level, _ in groups))
    assert sorted(worst)[int(0.95 * len(worst))] <= 4


def test_levels_are_those_of_the_stratum() -> None:
    assert levels_of("02/IVA") == {"site": "02", "stage_group": "IVA"}


def test_a_file_may_ask_for_minimization() -> None:
    text = 'name = "M"\nplaces_per_stratum = 60\nmethod = "minimization"\n'
    assert read_scheme(text) == SchemeFile("M", 60, (), "minimization")
    with pytest.raises(SchemeFileError, match="has no blocks"):
        read_scheme(text + "[[blocks]]\nsize = 4\n")
    with pytest.raises(SchemeFileError, match='"blocks" or "minimization"'):
        read_scheme(text.replace("minimization", "urn"))
