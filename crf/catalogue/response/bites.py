"""Where bite-on-bite biopsies were taken, how deep they reach, and what makes an aspiration adequate (protocol 3.7)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from crf.engine.answers import AnswerRow
from crf.engine.checks import Check, Criticality, Level
from protocol.response import Biopsy, Cytology

DEEP = ("submucosa", "muscle")
WORSE = (Biopsy.CLEAR, "lgd", Biopsy.UNCERTAIN, Biopsy.HIGH_GRADE, Biopsy.CARCINOMA)
"""Results of biopsies, each worse than those before it."""


def mapped(bob_map: list[AnswerRow]) -> list[AnswerRow]:
    """Return the rows of the map that say how many pairs were taken."""
    return [row for row in bob_map if row["bite_n"] is not None]


def deep_pairs(bob_map: list[AnswerRow]) -> int | None:
    """Return how many pairs reach the submucosa, where tumour hides; None without a map."""
    rows = mapped(bob_map)
    return sum(row["bite_n"] for row in rows if row["depth"] in DEEP) if rows else None


def quadrants(bob_map: list[AnswerRow]) -> int | None:
    """Return in how many of the four quadrants pairs were taken; None without a map."""
    return len({row["quadrant"] for row in mapped(bob_map) if row["quadrant"]}) or None


def days_since_biopsy(
    ogd_dt: date | None, cre_all: list[AnswerRow] | None, stage_ogd_dt: date | None
) -> int | None:
    """Return the days since the last evaluation with a biopsy, else since the staging endoscopy."""
    if ogd_dt is None:
        return None
    days = [row.get("ogd_dt") for row in cre_all or () if row.get("bx_result") not in (None, Biopsy.NOT_DONE)]
    before = [day for day in (*days, stage_ogd_dt) if day is not None and day < ogd_dt]
    return (ogd_dt - max(before)).days if before else None


def is_adequate(fna_res: str | None, fna_lymph: str | None) -> str | None:
    """Return whether an aspiration tells something: abnormal cells do, none do only beside lymphoid tissue."""
    if fna_res in (Cytology.POSITIVE, Cytology.ATYPIA):
        return "Y"
    if fna_res == Cytology.INADEQUATE or (fna_res and fna_lymph == "N"):
        return "N"
    return "Y" if fna_res and fna_lymph == "Y" else None


def as_many_pairs(bob_n: int, bob_map: list[AnswerRow]) -> bool:
    rows = mapped(bob_map)
    return not rows or sum(row["bite_n"] for row in rows) == bob_n


def depth_agrees(bx_adequate: str, bob_map: list[AnswerRow]) -> bool:
    """Say whether the map and the pathologist's word on the biopsies agree about the submucosa."""
    depths = {row["depth"] for row in bob_map if row["depth"]} - {"unclear"}
    if not depths or bx_adequate == "insufficient":
        return True
    return (bx_adequate == "yes") == (not depths.isdisjoint(DEEP))


def none_is_worse(bx_result: str, bob_map: list[AnswerRow]) -> bool:
    """Say whether no place of the map has a worse result than the worst one of the evaluation."""
    results = [row["bite_res"] for row in bob_map if row["bite_res"] in WORSE]
    return bx_result not in WORSE or all(WORSE.index(result) <= WORSE.index(bx_result) for result in results)


def lies_in_the_bed(bite_cm: Decimal, stage_upper_cm: Decimal, stage_lower_cm: Decimal) -> bool:
    return stage_upper_cm <= bite_cm <= stage_lower_cm


def negative_has_lymphoid_tissue(fna_res: str | None, fna_lymph: str | None) -> bool:
    """Say whether an aspiration is not one that calls a node negative and holds nothing of the node."""
    return fna_res != Cytology.NEGATIVE or fna_lymph != "N"


CHECKS = (
    Check(
        code="CRE-18",
        level=Level.SOFT,
        reads=("bob_n", "bob_map"),
        passes=as_many_pairs,
        message=_("The map does not hold the %(bob_n)s bite-on-bite pairs of this evaluation. Check both."),
        fields=("bob_n", "bob_map"),
    ),
    Check(
        code="CRE-19",
        level=Level.SOFT,
        reads=("bx_adequate", "bob_map"),
        passes=depth_agrees,
        message=_(
            "The map and the pathologist's word on the biopsies disagree about the submucosa. Check both answers."
        ),
        fields=("bx_adequate", "bob_map"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="CRE-20",
        level=Level.SOFT,
        reads=("bx_result", "bob_map"),
        passes=none_is_worse,
        message=_("A place of the map has a worse result than the worst biopsy result. Check both answers."),
        fields=("bx_result", "bob_map"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="CRE-21",
        level=Level.LISTING,
        reads=("bite_cm", "STAGE.upper_cm", "STAGE.lower_cm"),
        each="bob_map",
        passes=lies_in_the_bed,
        message=_(
            "A biopsy at %(bite_cm)s cm lies outside the tumour at baseline (%(stage_upper_cm)s to "
            "%(stage_lower_cm)s cm)."
        ),
        fields=("bite_cm",),
    ),
    Check(
        code="CRE-22",
        level=Level.SOFT,
        reads=("fna_res", "fna_lymph"),
        each="eus_nodes",
        passes=negative_has_lymphoid_tissue,
        message=_(
            "An aspiration without lymphoid tissue is no negative one: it is inadequate. Check the cytology."
        ),
        fields=("fna_res", "fna_lymph"),
        criticality=Criticality.CRITICAL,
    ),
)
