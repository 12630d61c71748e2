"""ADTTE: the times of the endpoints, as they are derived everywhere, with the record that each day is from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from analysis.adam.declarations import FROM_RESPONSE, TIMES, TimeParameter, deterioration
from analysis.adam.source import AdamSource, Subject, as_day, kept
from exports.sdtm.package import Row
from protocol.endpoint_values import EndpointValues
from protocol.endpoints import TimeToEvent
from protocol.organ_course import CauseOfEnd

EVENT, CENSORED, COMPETES = "0", "1", "2"
NO_CAUSE: Final = "censored"
IN_ADSL: Final = {"last_alive": "LSTALVDT", "data_cut": "DCUTDT", "death_after_cut": "DCUTDT"}
IN_SDTM: Final = {
    "death": ("DS", "DSSTDTC", "DSDECOD", ("DEATH",)),
    "oesophagectomy": ("PR", "PRSTDTC", "PRTRT", ("ESOPHAGECTOMY",)),
    "not_r0": ("PR", "PRSTDTC", "PRTRT", ("ESOPHAGECTOMY",)),
    "deterioration": ("QS", "QSDTC", "QSCAT", ()),
    "last_questionnaire": ("QS", "QSDTC", "QSCAT", ()),
}


def parameters(values: EndpointValues) -> Iterator[tuple[TimeParameter, TimeToEvent | CauseOfEnd | None]]:
    """Yield each parameter with its time; ``None`` where the subject has none."""
    for each in TIMES:
        yield each, getattr(values, each.value)
    for told in values.deterioration:
        yield deterioration(told.scale), told.time


def time_rows(source: AdamSource, subject: Subject) -> Iterator[Row]:
    """Yield one record for each parameter that the subject has a time of."""
    if subject.derived is None:
        return
    facts, values = subject.derived.facts, subject.derived.values
    for each, time in parameters(values):
        if time is None:
            continue
        censored, because = _ended(each, time)
        start = facts.ccr if each.origin == FROM_RESPONSE else facts.rand
        told: dict[str, str] = {
            "PARAM": each.label,
            "PARAMCD": each.code,
            "STARTDT": as_day(start),
            "ADT": as_day(time.on),
            "AVAL": str(time.days),
            "CNSR": censored,
            "EVNTDESC": because,
            "CNSDTDSC": because if censored == CENSORED else "",
            **_traced(source, subject, because, as_day(time.on)),
        }
        yield dict(kept(told))


def _ended(parameter: TimeParameter, time: TimeToEvent | CauseOfEnd) -> tuple[str, str]:
    if isinstance(time, TimeToEvent):
        return EVENT if time.event else CENSORED, time.because
    if time.cause == NO_CAUSE:
        return CENSORED, NO_CAUSE
    return EVENT if time.cause == parameter.event else COMPETES, time.cause


def _traced(source: AdamSource, subject: Subject, because: str, day: str) -> dict[str, Any]:
    """Return the record that tells the day; nothing where the day follows from several."""
    if because in IN_ADSL:
        return {"SRCDOM": "ADSL", "SRCVAR": IN_ADSL[because]}
    domain, variable, tested, terms = IN_SDTM.get(because, ("", "", "", ()))
    for row in source.rows(domain, subject):
        if row.get(variable, "")[:10] == day and (not terms or row.get(tested) in terms):
            number = "" if domain == "QS" else row[f"{domain}SEQ"]  # a score has several items
            return {"SRCDOM": domain, "SRCVAR": variable, "SRCSEQ": number}
    return {}
