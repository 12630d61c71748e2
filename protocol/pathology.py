"""What the specimen says: response, regression, margins, and whether its answers agree (protocol
3.9, 6.4).
"""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from protocol.exact import Number, exact
from protocol.partial_dates import yes_no
from protocol.staging import n_category

Percent = Number | str

NO_RESIDUE = "none"

LAYERS = ("mucosa", "submucosa", "muscle", "adventitia")
DEEPEST = {"Tis": "mucosa", "T1a": "mucosa", "T1b": "submucosa", "T2": "muscle"} | dict.fromkeys(
    ("T3", "T4a", "T4b"), "adventitia"
)

_T_ORDER = ("T0", "Tis", "T1", "T2", "T3", "T4")
_N_ORDER = ("N0", "N1", "N2", "N3")


class Resection(StrEnum):
    """Residual tumour after the operation (protocol 3.9, r_status)."""

    R0 = "R0"
    R1 = "R1"
    R2 = "R2"


def residual(resid_pct: Percent | None) -> Decimal | None:
    """The residual viable tumour in percent; "<1" is some tumour, less than one percent (protocol 3.9)."""
    if resid_pct is None or resid_pct == "":
        return None
    if isinstance(resid_pct, str) and resid_pct.replace(" ", "") == "<1":
        return exact("0.5")
    try:
        share = exact(resid_pct)
    except InvalidOperation:
        return None
    return share if 0 <= share <= 100 else None


def pcr(ypt: str | None, ypn: str | None, ypis_counts: bool = False) -> bool | None:
    """Whether the response is complete: ypT0 and ypN0; ypTis counts only by setting (protocol 6.4).

    Never derived from the stage group: group I also holds ypT1-2 N0 (protocol 4.3).
    """
    no_primary = None if ypt in (None, "", "TX") else ypt == "T0" or (ypis_counts and ypt == "Tis")
    no_node = None if ypn in (None, "", "NX") else ypn == "N0"
    if no_primary is False or no_node is False:
        return False
    return None if no_primary is None or no_node is None else True


def mpr(resid_pct: Percent | None, *, at_most: Number) -> bool | None:
    """Whether at most ``at_most`` percent of the primary is viable, whatever the nodes are (protocol 6.4)."""
    share = residual(resid_pct)
    return None if share is None else share <= exact(at_most)


def becker(resid_pct: Percent | None) -> str | None:
    """Becker grade: 1a none, 1b under 10, 2 from 10 to 50, 3 over 50 percent (protocol 3.9)."""
    share = residual(resid_pct)
    if share is None:
        return None
    if share == 0:
        return "1a"
    if share < 10:
        return "1b"
    return "2" if share <= 50 else "3"


def four_step(resid_pct: Percent | None) -> int | None:
    """The four-step grade: 1 none, 2 up to 10, 3 up to 50, 4 over 50 percent; 3-4 is the TRG3-4 of preSINO
    (protocol 3.9).
    """
    share = residual(resid_pct)
    if share is None:
        return None
    if share == 0:
        return 1
    if share <= 10:
        return 2
    return 3 if share <= 50 else 4


def r_status(
    *, inv_prox: object, inv_dist: object, inv_crm: object, resid_macro: str | None
) -> Resection | None:
    """R by the CAP rule: R2 any macroscopic residue, R1 tumour at a margin, R0 neither (protocol 3.9).

    ``None`` until it is certain: one clear margin does not make an R0.
    """
    if resid_macro and resid_macro != NO_RESIDUE:
        return Resection.R2
    margins = [yes_no(margin) for margin in (inv_prox, inv_dist, inv_crm)]
    if not resid_macro or (None in margins and True not in margins):
        return None
    return Resection.R1 if True in margins else Resection.R0


def r_rcp(
    *,
    crm_mm: Number | None,
    inv_prox: object,
    inv_dist: object,
    inv_crm: object,
    resid_macro: str | None,
    within_mm: Number = 1,
) -> Resection | None:
    """R by the 1-mm rule: as the CAP rule, and R1 too when tumour is within 1 mm of the circumferential
    margin (protocol 3.9).
    """
    by_margin = r_status(inv_prox=inv_prox, inv_dist=inv_dist, inv_crm=inv_crm, resid_macro=resid_macro)
    if by_margin is Resection.R2 or by_margin is Resection.R1:
        return by_margin
    if crm_mm is None or not resid_macro:
        return None
    return Resection.R1 if exact(crm_mm) <= exact(within_mm) else by_margin


def ypn_from_count(count: int | None) -> str | None:
    """The ypN category that a number of positive nodes makes (protocol 3.9, 4.1)."""
    return n_category(count)


def node_ratio(positive: int | None, examined: int | None) -> Decimal | None:
    """Positive nodes per node examined (protocol 6.4)."""
    if positive is None or not examined or positive > examined:
        return None
    return Decimal(positive) / examined


def downstaged_t(ct: str | None, ypt: str | None) -> bool | None:
    """Whether ypT is lower than cT (protocol 6.4); sub-categories a and b of one T are the same height."""
    return _lower(_t_height(ypt), _t_height(ct))


def downstaged_n(cn: str | None, ypn: str | None) -> bool | None:
    """Whether ypN is lower than cN (protocol 6.4)."""
    return _lower(_height(ypn, _N_ORDER), _height(cn, _N_ORDER))


def complete_response_agrees(
    *, resid_pct: Percent | None, ypt: str | None, trg_cap: object = None, trg_mandard: object = None
) -> bool:
    """Whether what is answered of residue 0, ypT0, CAP 0 and Mandard 1 says the same (protocol
    3.17, X045). Carcinoma in situ alone says neither.
    """
    share = residual(resid_pct)
    claims = {
        None if share is None else share == 0,
        None if ypt in (None, "", "TX", "Tis") else ypt == "T0",
        None if trg_cap in (None, "") else str(trg_cap) == "0",
        None if trg_mandard in (None, "") else str(trg_mandard) == "1",
    }
    return not {True, False} <= claims


def regression_agrees(
    *,
    resid_pct: Percent | None,
    trg_cap: object = None,
    trg_mandard: object = None,
    small_to: Number,
    large_from: Number,
) -> bool:
    """Whether the grades at both ends fit the residue: CAP 1 and Mandard 2 a small one, CAP 3 and Mandard 5
    a large one (protocol 3.9, X045; decision D2).
    """
    share = residual(resid_pct)
    if share is None:
        return True
    small, large = 0 < share <= exact(small_to), share >= exact(large_from)
    needs = (
        {"1": small, "3": large}.get(str(trg_cap), True),
        {"2": small, "5": large}.get(str(trg_mandard), True),
    )
    return all(needs)


def no_tumour_agrees(*, no_tumour: bool, resid_pct: Percent | None, ypt: str | None, ypn: str | None) -> bool:
    """Whether "no tumour in the specimen" stands beside ypT0 or ypTis and residue 0, and ypT0 ypN0 with
    residue 0 beside "no tumour" (protocol 3.9; decision D2).
    """
    share = residual(resid_pct)
    if no_tumour:
        return share in (None, 0) and ypt in (None, "", "TX", "T0", "Tis")
    return not (share == 0 and ypt == "T0" and ypn == "N0")


def layers_agree(*, layers: Iterable[str], ypt: str | None) -> bool:
    """Whether the deepest layer that holds tumour is the one that ypT names (protocol 3.9; decision D2)."""
    named = [layer for layer in LAYERS if layer in set(layers)]
    deepest = DEEPEST.get(ypt or "")
    return not named or deepest is None or named[-1] == deepest


def tumour_features_agree(*, ypt: str | None, grade: str | None, lvi: object, pni: object) -> bool:
    """Whether a specimen without tumour also has no grade, vessel or nerve invasion (protocol 3.17, X046)."""
    if ypt != "T0":
        return True
    return grade in (None, "", "NAP") and not yes_no(lvi) and not yes_no(pni)


def margin_agrees(involved: object, distance_mm: Number | None) -> bool:
    """Whether "involved" and a distance of 0 mm go together (protocol 3.17, X047)."""
    touches = yes_no(involved)
    return touches is None or distance_mm is None or touches == (exact(distance_mm) == 0)


def node_counts_agree(*, examined: int | None, positive: int | None, ypn: str | None) -> bool:
    """Whether positives fit into the nodes examined and make the ypN that is stated (protocol 3.17, X044)."""
    if positive is None:
        return True
    if examined is not None and positive > examined:
        return False
    return ypn in (None, "", "NX") or n_category(positive) == ypn


def station_sums_agree(total: int | None, per_station: Iterable[int | None]) -> bool:
    """Whether the counts per station add up to the total; an empty table says nothing (protocol
    3.17, X044).
    """
    counts = list(per_station)
    if total is None or not counts or None in counts:
        return True
    return sum(count for count in counts if count is not None) == total


def _t_height(category: str | None) -> int | None:
    return _height(category if category == "Tis" else (category or "").rstrip("ab"), _T_ORDER)


def _height(category: str | None, order: tuple[str, ...]) -> int | None:
    return order.index(category) if category in order else None


def _lower(after: int | None, before: int | None) -> bool | None:
    return None if after is None or before is None else after < before
