"""A serious event with what an ICSR says of the participant and the drugs of the trial, as it stands at a cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from analysis.safety.icsr import IcsrCase, IcsrDrug
from analysis.safety.serious import SeriousEventLine
from crf import catalogue
from crf.engine.checks import earliest_day
from crf.models import Record
from exports.cuts import Cut
from kernel.clock import local_date
from kernel.errors import Refusal
from protocol.endpoints import age_on
from protocol.text import ProtocolText, newest
from trials.models import Participant

COUNTRY: Final = "CN"
LANGUAGE: Final = "zho"
RECEIVER: Final = "PALACE3-SAFETY"
# A drug: its name, the group of its doses with day, amount and whether it was given, the action, the relation.
DRUGS: Final = (
    ("CAMRELIZUMAB", "Camrelizumab", ("camre", "ci_dt", "ci_mg", "ci_given"), "action_camre", "rel_camre"),
    ("CARBOPLATIN", "Carboplatin", ("chemo", "adm_dt", "carbo_mg", "given"), "action_chemo", "rel_chemo"),
    ("PACLITAXEL", "Paclitaxel", ("chemo", "nabp_dt", "nabp_mg", "nabp_given"), "action_chemo", "rel_chemo"),
)
OMITTED: Final = "omitted"


class NoReportYet(Refusal):
    code = "analysis.no_report_yet"
    message = _(
        "The site has not reported adverse event {event} of participant {participant} yet. An ICSR is made of what "
        "was reported."
    )


def icsr_case_of(line: SeriousEventLine, cut: Cut, *, made_at: datetime) -> IcsrCase:
    """Return the case as it stands at the cut.

    Refuses: an event that the site has not reported.
    """
    first, last = line.reported, line.last_reported
    if first is None or last is None:
        raise NoReportYet(event=line.event_no, participant=line.number)
    event, person = line.event, _person(cut, line.number)
    began = earliest_day(event["ae_st"])
    text = newest()
    criteria = set(event["ser_crit"] or ()) | ({"death"} if line.fatal else set())
    return IcsrCase(
        country=COUNTRY,
        study=_said(text, "title_public"),
        study_number=str(text.fact("local_study_id").value),
        registration=str(text.fact("registry_id").value),
        sponsor=_said(text, "sponsor"),
        receiver=RECEIVER,
        number=line.number,
        event_no=line.event_no,
        version=len(line.reports) + len(line.judged),
        made_at=made_at,
        first_received=first,
        last_received=last,
        susar=line.last.get("susar"),
        sex=person.get("sex") or "",
        age=age_on(person["birth"], began) if began and person.get("birth") else None,
        term=event["ae_term"] or "",
        language=LANGUAGE,
        llt_code=event["ae_llt_cd"] or event["ctcae_code"] or "",
        dictionary_version=event["ae_dict_ver"] or "",
        began=event["ae_st"] or "",
        ended=event["ae_en"] or "",
        criteria=frozenset(criteria),
        outcome=event["outcome"] or "",
        died_on=(event["ae_en"] or "") if line.fatal else "",
        narrative="\n\n".join(row["sae_narr"] for row in line.reports if row["sae_narr"]),
        sponsor_relation=line.last.get("causality") or "",
        drugs=tuple(_drugs(cut, line, began)),
    )


def _said(text: ProtocolText, fact: str) -> str:
    """Return a sentence of the fact table in English, the language of the message."""
    sentence = text.fact(fact).text
    return sentence.en if sentence else ""


def _person(cut: Cut, number: str) -> Mapping[str, Any]:
    rows = _fetched(cut, "ELIG", None, ("birth", "sex"), number)
    return rows[0] if rows else {}


def _drugs(cut: Cut, line: SeriousEventLine, began: date | None) -> Iterator[IcsrDrug]:
    """Yield the drugs of the trial of which a dose was given by the day on which the event began."""
    for code, name, (group, *columns), action, relation in DRUGS:
        rows = _fetched(cut, "TREAT", group, columns, line.number)
        doses = doses_until(began, rows, columns, zone=line.zone)
        if doses:
            days = [taken for taken, _mg in doses]
            yield IcsrDrug(
                code=code,
                name=name,
                first=min(days),
                last=max(days),
                doses=_in_words(doses),
                action=line.event[action] or "",
                investigator=line.event[relation] or "",
            )


def doses_until(
    last: date | None, rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, zone: str
) -> list[tuple[date, Any]]:
    """Return day and amount of each dose that was given up to a day, or ever without one.

    ``columns`` say where a row has the day, the amount and whether it was given.
    """
    day, amount, given = columns
    return [
        (taken, row[amount])
        for row in rows
        if row[given] not in (None, OMITTED)
        and (taken := _day(row[day], zone))
        and (last is None or taken <= last)
    ]


def _day(given: date | datetime | None, zone: str) -> date | None:
    return local_date(given, zone) if isinstance(given, datetime) else given


def _in_words(doses: Sequence[tuple[date, Decimal | int | None]]) -> str:
    return "; ".join(
        f"{taken.isoformat()}: {'?' if mg is None else f'{mg} mg'}"
        for taken, mg in sorted(doses, key=lambda each: each[0])
    )


def _fetched(
    cut: Cut, code: str, group: str | None, names: Sequence[str], number: str
) -> list[dict[str, Any]]:
    form = catalogue.form(code)
    model = form.groups[group].model if group else form.model
    columns = {field.name: field.column for field in model._meta.concrete_fields}
    chosen = ", ".join(f'g."{columns[name]}" AS "{name}"' for name in names)
    join, standing = ("g.record_id", "AND NOT g.removed") if group else ("g.id", "")
    sql = (
        f"SELECT {chosen} FROM {cut.rows(model)} g JOIN {cut.rows(Record)} r ON r.id = {join} "  # noqa: S608
        f"JOIN {cut.rows(Participant)} p ON p.id = r.participant_id "
        f"WHERE p.number = %(number)s AND r.form_code = %(code)s {standing} ORDER BY g.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"number": number, "code": code})
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
