"""Protocol 1.9 and 3.2, row by row: what is published, what is our default, and what is never done."""

from __future__ import annotations

from collections import Counter

import pytest

from protocol.text import load
from randomization.models import Allocation, AllocationError, ListPart, Scheme
from randomization.scheme import minimization, simulation
from randomization.scheme.blocks import ALGORITHM, BlockSize, Design, allocation_list

CHAPTERS = ("1.9", "3.2")

TEXT = load("1.0").randomization
SITES = [f"{site:02d}" for site in range(1, 7)]
FACTORS = {factor.code: factor for factor in TEXT.strata}


def test_the_ratio_is_published_and_one_to_one():
    assert (TEXT.ratio, TEXT.ratio_source) == ((1, 1), "published")


def test_method_strata_and_block_sizes_are_defaults_and_said_to_be():
    assert TEXT.source == "default"
    assert {factor.source for factor in TEXT.strata} == {"default"}
    assert TEXT.scheme_default.source == "default"


def test_strata_are_site_by_clinical_stage_group():
    assert set(FACTORS) == {"site", "stage_group"}
    assert FACTORS["stage_group"].levels == ("II", "III", "IVA")


def test_eighteen_strata_of_twenty_on_average_stay_balanced():
    """Size check of 1.9: 6 x 3 strata for 356 participants."""
    strata = [f"{site}/{stage}" for site in SITES for stage in FACTORS["stage_group"].levels]
    assert len(strata) == 18
    design = Design("PALACE3-A", blocks=tuple(BlockSize(size) for size in TEXT.scheme_default.block_sizes))
    places = allocation_list(design, seed="protocol", strata=strata, per_stratum=20)
    counts = Counter((place.stratum, place.arm) for place in places)
    assert all(abs(counts[stratum, "1"] - counts[stratum, "2"]) <= 3 for stratum in strata)


def test_blocks_are_of_four_and_six_mixed_at_random():
    assert sorted(TEXT.scheme_default.block_sizes) == [4, 6]
    assert ALGORITHM == "palace3-blocks-1"


def test_minimization_is_there_with_a_biased_coin_of_eight_tenths_and_off():
    assert float(minimization.FAVOURED) == 0.8
    plan = simulation.Plan(40, {"01": 1, "02": 1}, {"II": 1, "III": 1})
    assert simulation.simulate(Design("X"), plan, trials=2, seed="m", method="minimization").trials == 2
    assert not hasattr(Scheme, "method"), "no scheme can allocate by it"


@pytest.mark.parametrize(
    ("variable", "column"),
    [
        ("strat_site", "strat_site"),
        ("strat_stage", "strat_stage"),
        ("rand_no", "number"),
        ("arm", "arm"),
        ("rand_dtc", "randomized_at"),
        ("rand_user", "randomized_by"),
        ("list_version", "part"),
        ("slot_id", "sequence"),
    ],
)
def test_every_variable_of_rand_is_kept(variable, column):
    assert Allocation._meta.get_field(column)


def test_the_true_stratum_is_kept_beside_the_one_that_was_used():
    assert AllocationError._meta.get_field("strat_stage_true")


def test_block_sizes_stand_in_no_table_that_a_page_reads():
    for model in (Scheme, ListPart, Allocation, AllocationError):
        assert not [
            field.name for field in model._meta.get_fields() if "block" in field.name or "seed" in field.name
        ]


def test_the_default_blocks_do_not_show_when_the_text_is_printed():
    assert "block_sizes" not in repr(TEXT)
