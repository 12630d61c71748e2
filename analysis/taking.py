"""The files of endpoints for statisticians: one row a participant, quality of life in long form, and what they hold."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from analysis.column_words import columns_in_words
from analysis.columns import as_text, cells_of
from analysis.reading import DerivedParticipant, derived_at
from analysis.sets import AnalysisSet, sets_of
from audit.acts import open_act
from exports.cuts import Cut
from exports.services import CutInFuture, refuse_odd_purpose
from kernel.errors import Refusal
from kernel.files import digest_of_file, make_own_file
from kernel.snapshot import one_snapshot
from trials.models import Participant, Site

STUDY = "PALACE-3"
KEYS = ("STUDYID", "SITEID", "SUBJID", "RANDDT", "CUTOFF")


class ArmNotYours(Refusal):
    code = "analysis.arm_not_yours"
    message = _("Results by arm are for the statistician. Take the file without the column ARM.")
    status = 403


@dataclass(frozen=True)
class TakenEndpoints:
    """What was written: the files with their rows and digests, and the moment that they show."""

    as_of: datetime
    with_arm: bool
    files: Mapping[str, tuple[int, str]]


def take_endpoints(
    *,
    out: Path,
    purpose: str,
    as_of: datetime | None = None,
    with_arm: bool = False,
    by: User | None,
    at: datetime,
) -> TakenEndpoints:
    """The endpoints of every randomized participant stand in the folder, and the act says who took them.

    The column ARM is there only where it is asked for by who may see results by arm; that is a look of its own.
    Refuses: no purpose; a moment to come; the arm for who may not see results by arm. Locks: nothing.
    """
    refuse_odd_purpose(purpose)
    if as_of is not None and as_of > at:
        raise CutInFuture(cut=as_of)
    if with_arm and (by is None or not by.may(Permission.LIST_WATCH)):
        raise ArmNotYours
    verb = "analysis:arms:look" if with_arm else "analysis:endpoints:take"
    with one_snapshot(), open_act(verb, by=by, at=at, reason=purpose):
        cut = Cut(at=as_of) if as_of else Cut.of_this_snapshot()
        sites = dict(Site.objects.values_list("pk", "code"))
        rows = list(derived_at(cut, sites))
        arms = arms_at(cut) if with_arm else {}
    files = {
        "endpoints.csv": _write(out / "endpoints.csv", _endpoint_rows(rows, arms)),
        "quality_of_life.csv": _write(out / "quality_of_life.csv", _score_rows(rows)),
        "columns.csv": _write(out / "columns.csv", columns_in_words()),
    }
    taken = TakenEndpoints(cut.at, with_arm, files)
    _write_manifest(out / "manifest.json", taken)
    return taken


def arms_at(cut: Cut) -> dict[str, str]:
    """Return the arm of everybody who was randomized by the cut, by number; only inside an act that says so."""
    sql = f"SELECT p.number, p.arm FROM {cut.rows(Participant)} p WHERE p.arm IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(sql, {})
        return dict(cursor.fetchall())


def _endpoint_rows(rows: list[DerivedParticipant], arms: Mapping[str, str]) -> list[dict[str, str]]:
    return [_endpoint_row(each, arms) for each in rows]


def _endpoint_row(each: DerivedParticipant, arms: Mapping[str, str]) -> dict[str, str]:
    facts = each.facts
    keys = (STUDY, each.site, facts.number, facts.rand.isoformat(), facts.cutoff.isoformat())
    members = sets_of(each)
    return {
        **dict(zip(KEYS, keys, strict=True)),
        **({"ARM": arms.get(facts.number, "")} if arms else {}),
        **{code.value: as_text(members[code].inside) for code in AnalysisSet},
        "PP_WHY": members[AnalysisSet.PER_PROTOCOL].why,
        **cells_of(each.values),
    }


def _score_rows(rows: list[DerivedParticipant]) -> Iterable[dict[str, str]]:
    """Yield one row for each score: by the days since the end of chemoradiotherapy, not by visit (decision E4)."""
    for each in rows:
        end = each.facts.neo_end
        for told in each.facts.questionnaires:
            for scale, score in told.scores.items():
                yield {
                    "STUDYID": STUDY,
                    "SUBJID": each.facts.number,
                    "QSDTC": told.on.isoformat(),
                    "DAYS_FROM_NEO_END": str((told.on - end).days) if end else "",
                    "SCALE": scale,
                    "SCORE": f"{score:.4f}",
                }


def _write(path: Path, rows: Iterable[Mapping[str, str]]) -> tuple[int, str]:
    every = list(rows)
    make_own_file(path)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(every[0]) if every else ["STUDYID"], lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(every)
    return len(every), digest_of_file(path)


def _write_manifest(path: Path, taken: TakenEndpoints) -> None:
    about: dict[str, Any] = {
        "study": STUDY,
        "as_of": taken.as_of.isoformat(),
        "arm": taken.with_arm,
        "files": {name: {"rows": rows, "sha256": digest} for name, (rows, digest) in taken.files.items()},
    }
    make_own_file(path)
    path.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
