"""The files from which the scripts print the numbers of the reports: ADSL, ADTTE, ADAE and the flow, as CSV."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from analysis.adam.source import as_day
from analysis.adam.times import CENSORED, COMPETES, EVENT, NO_CAUSE, parameters
from analysis.columns import as_text, cells_of
from analysis.flow import BOXES, numbers_in
from analysis.reading import DerivedParticipant, derived_at
from analysis.rules import rules_of
from analysis.sets import AnalysisSet, sets_of
from analysis.survival_report import EVERYBODY
from analysis.taking import STUDY, ArmNotYours, arms_at
from audit.acts import open_act
from exports.cuts import Cut
from exports.services import refuse_odd_purpose
from kernel.errors import Refusal
from protocol.endpoints import TimeToEvent
from protocol.treatment_events import neoadjuvant_events
from trials.models import Site

FOLDER: Final = Path(__file__).parent
SCRIPTS: Final = ("reproduce.py", "reproduce.R")
Row = Mapping[str, str]


class NothingToReproduce(Refusal):
    code = "analysis.nothing_to_reproduce"
    message = _("Nobody was randomized at your sites yet: there are no numbers to reproduce.")


@dataclass(frozen=True)
class DataAndCode:
    """Data and scripts of the reports at one moment, as a zip."""

    as_of: datetime
    content: bytes


def take_data_and_code(*, purpose: str, with_arm: bool, by: User, at: datetime) -> DataAndCode:
    """Data and scripts that print the numbers of the reports are taken, and the act says who took them and what for.

    Refuses: no purpose; the arm for who may not see results by arm; nobody randomized. Locks: nothing.
    """
    refuse_odd_purpose(purpose)
    if with_arm and not by.may(Permission.LIST_WATCH):
        raise ArmNotYours
    verb = "analysis:arms:look" if with_arm else "analysis:endpoints:take"
    with open_act(verb, by=by, at=at, reason=purpose):
        cut = Cut.of_this_snapshot()
        sites = dict(Site.objects.open_to(by, Permission.EXPORT_TAKE).values_list("pk", "code"))
        rows = list(derived_at(cut, sites))
        arms = arms_at(cut) if with_arm else None
        boxes = {box.code: numbers_in(box.code, list(sites)) for box in BOXES}
    if not rows:
        raise NothingToReproduce
    return DataAndCode(cut.at, _zip(tables(rows, arms) | {"FLOW.csv": _flow(boxes)}, cut.at, with_arm))


def tables(rows: Sequence[DerivedParticipant], arms: Mapping[str, str] | None) -> dict[str, list[Row]]:
    """Return ADSL, ADTTE and ADAE; the group is the arm, or one for everybody."""
    group = {
        each.facts.number: EVERYBODY if arms is None else arms.get(each.facts.number, "") for each in rows
    }
    return {
        "ADSL.csv": [_subject(each, group) for each in rows],
        "ADTTE.csv": [row for each in rows for row in _times(each, group)],
        "ADAE.csv": [row for each in rows for row in _events(each, group)],
    }


def _keys(each: DerivedParticipant, group: Mapping[str, str]) -> dict[str, str]:
    number = each.facts.number
    return {"STUDYID": STUDY, "SITEID": each.site, "SUBJID": number, "TRTPN": group[number]}


def _subject(each: DerivedParticipant, group: Mapping[str, str]) -> Row:
    members = sets_of(each)
    return {
        **_keys(each, group),
        "RANDDT": as_day(each.facts.rand),
        "CUTOFF": as_day(each.facts.cutoff),
        **{code.value: as_text(members[code].inside) for code in AnalysisSet},
        "PP_WHY": members[AnalysisSet.PER_PROTOCOL].why,
        **cells_of(each.values),
    }


def _times(each: DerivedParticipant, group: Mapping[str, str]) -> Iterable[Row]:
    for parameter, time in parameters(each.values):
        if time is None:
            continue
        if isinstance(time, TimeToEvent):
            censored, because = EVENT if time.event else CENSORED, time.because
        else:
            because = time.cause
            others = CENSORED if because == NO_CAUSE else COMPETES
            censored = EVENT if because == parameter.event else others
        yield {
            **_keys(each, group),
            "PARAMCD": parameter.code,
            "PARAM": parameter.label,
            "COMPETING": "Y" if parameter.event else "N",
            "AVAL": str(time.days),
            "CNSR": censored,
            "EVNTDESC": because,
            "ADT": as_day(time.on),
        }


def _events(each: DerivedParticipant, group: Mapping[str, str]) -> Iterable[Row]:
    within = rules_of(each.protocol_version).events_after_last_dose
    counted = {event.number for event in neoadjuvant_events(each.facts, after_last_dose=within)}
    for event in each.facts.events:
        yield {
            **_keys(each, group),
            "AESPID": as_text(event.number),
            "AEDECOD": event.term,
            "ASTDT": as_day(event.began_on),
            "AETOXGR": as_text(event.grade),
            "AESER": as_text(event.serious),
            "AERELTO": " ".join(sorted(event.related)),
            "TRTEMFL": as_text(event.number in counted),
        }


def _flow(boxes: Mapping[str, Iterable[str]]) -> list[Row]:
    return [{"SUBJID": number, "BOX": box} for box, inside in boxes.items() for number in sorted(inside)]


def _zip(files: Mapping[str, list[Row]], as_of: datetime, with_arm: bool) -> bytes:
    content = io.BytesIO()
    about = {"study": STUDY, "as_of": as_of.isoformat(), "arm": with_arm}
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in files.items():
            archive.writestr(name, _csv(rows))
        for name in SCRIPTS:
            archive.writestr(name, (FOLDER / f"{name}.txt").read_text(encoding="utf-8"))
        archive.writestr("manifest.json", json.dumps(about, indent=2) + "\n")
    return content.getvalue()


def _csv(rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["STUDYID"], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return "\ufeff" + text.getvalue()
