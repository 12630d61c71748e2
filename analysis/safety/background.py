"""Who has a serious event and what was given and taken before it began: what its paper says beside the event.

The day and the dose of camrelizumab tell the arm: they are for who may be told it of the participant (ADR 55).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from analysis.safety.cases import DRUGS, doses_until
from crf import catalogue
from crf.engine import messages
from crf.engine.checks import earliest_day, latest_day
from crf.page.safety import AnswerInWords
from crf.store.context import FormContext
from kernel.days import written
from protocol.endpoints import age_on
from protocol.text import load
from trials.models import Participant

TREATMENT: Final = "TREAT"
# The treatment of the protocol text for the drug of an ICSR, where the text has another code for it.
IN_THE_TEXT: Final = {"PACLITAXEL": "NAB_PACLITAXEL"}
OF_ONE_ARM: Final = "CAMRELIZUMAB"


@dataclass(frozen=True)
class EventBackground:
    """What was known of the participant when the event began, in words; what is not answered is left out."""

    person: list[AnswerInWords]
    treatments: list[AnswerInWords]
    medicines: list[str]
    diseases: list[str]


def background_of(
    participant: Participant, form_context: FormContext, began: str | None, *, reader: User
) -> EventBackground:
    """Return the background of an event of the participant that ``began`` on a day, or in a month or year."""
    first, last = earliest_day(began), latest_day(began)
    return EventBackground(
        list(_person(form_context, first, participant.site.time_zone)),
        list(_treatments(participant, form_context, last, reader)),
        list(_medicines(form_context, first, last)),
        list(_diseases(form_context, last)),
    )


def _person(form_context: FormContext, began: date | None, zone: str) -> Iterator[AnswerInWords]:
    row = next(iter(form_context.records("ELIG")), None)
    if row is None:
        return
    question = catalogue.form("ELIG").questions["sex"]
    if row["sex"]:
        yield AnswerInWords(str(question.text), messages.display(question, row["sex"], zone=zone))
    age = age_on(row["birth"], began) if began and row["birth"] else None
    if age is not None:
        yield AnswerInWords(_("Age when the event began"), str(age))


def _treatments(
    participant: Participant, form_context: FormContext, began: date | None, reader: User
) -> Iterator[AnswerInWords]:
    """Yield each treatment of the trial with its doses up to the day on which the event began at the latest."""
    told = reader.may(Permission.ALLOCATION_VIEW, participant.site_id)
    names = {
        plan.code: plan.name.in_language(get_language() or "en")
        for plan in load(participant.protocol_version).treatments
    }
    for record in form_context.records(TREATMENT):
        for code, _name, (group, *columns), _action, _relation in DRUGS:
            if code == OF_ONE_ARM and not told:
                continue
            rows = form_context.rows(TREATMENT, group, record["id"])
            doses = doses_until(began, rows, columns, zone=participant.site.time_zone)
            if doses:
                yield AnswerInWords(names[IN_THE_TEXT.get(code, code)], "\n".join(map(_dose_given, doses)))
        yield from _radiotherapy(record, began, names["RADIOTHERAPY"])


def _radiotherapy(record: Any, began: date | None, name: str) -> Iterator[AnswerInWords]:
    start, end = record["rt_start"], record["rt_end"]
    if not start or (began and start > began):
        return
    said = [_("from %(day)s") % {"day": written(start)}]
    if end and not (began and end > began):
        said.append(
            _("to %(day)s, %(number)s fractions") % {"day": written(end), "number": record["deliv_fx"]}
        )
    yield AnswerInWords(name, " ".join(said))


def _dose_given(dose: tuple[date, Any]) -> str:
    on, amount = dose
    milligrams = f"{messages.number_text(amount)} mg" if amount is not None else "?"
    return f"{written(on)}{pgettext('between day and dose', ': ')}{milligrams}"


def _medicines(form_context: FormContext, first: date | None, last: date | None) -> Iterator[str]:
    """Yield what else was taken when the event began, or may have been."""
    for row in form_context.records("CM"):
        begun, ended = earliest_day(row["cm_start"]), latest_day(row["cm_end"])
        is_over = ended is not None and first is not None and ended < first
        if row["cm_trt"] and not is_over and not (begun and last and begun > last):
            yield _in_one_line(row["cm_trt"], _dose(row), row["cm_start"], row["cm_end"])


def _dose(row: Any) -> str:
    if row["cm_dose"] is None:
        return ""
    units = catalogue.form("CM").questions["cm_dosu"].codes
    unit = units.label(row["cm_dosu"]) if units and row["cm_dosu"] else ""
    return f"{messages.number_text(row['cm_dose'])} {unit}".strip()


def _diseases(form_context: FormContext, last: date | None) -> Iterator[str]:
    for row in form_context.records("MH"):
        begun = earliest_day(row["mh_start"])
        if row["mh_text"] and not (begun and last and begun > last):
            yield _in_one_line(row["mh_text"], "", row["mh_start"], row["mh_end"])


def _in_one_line(what: str, dose: str, start: str | None, end: str | None) -> str:
    period = f"{start or '?'} – {end}" if end else _("since %(day)s") % {"day": start} if start else ""
    return " · ".join(part for part in (what, dose, period) if part)
