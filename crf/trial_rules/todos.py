"""What answers ask for by a day (protocol 2.6): pure, answers in, to-dos out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from crf.catalogue.adverse_event.rules import died_of
from crf.engine.answers import AnswerValues
from crf.engine.checks import earliest_day
from followup.services.todos import END_OF_STUDY, Wanted
from protocol.response import CLEAR_OUTCOMES
from protocol.response import Outcome as Found
from protocol.response_outcomes import WITH_DISEASE
from protocol.text import ProtocolText

Records = Callable[[str], Sequence[AnswerValues]]

FORMS: Final = frozenset({"CRE", "FU", "SURV", "AE", "SAE", "EOS"})
WITHDRAWALS: Final = "conduct.withdrawals"
FINISHED: Final = frozenset({"complete", "verified", "signed", "locked"})
SUSPECT_LOCAL: Final = frozenset({"1", "2", "3"})
SUSPECT_DISTANT: Final = frozenset({"1", "2"})
TO_REPEAT: Final = frozenset({"hgd", "uncertain"})
DECIDED: Final = WITH_DISEASE | set(CLEAR_OUTCOMES)
LOCAL: Final = frozenset({"local", "node", "anastomotic"})


@dataclass(frozen=True)
class Asking:
    """The answers of one participant, and how long each row of the protocol gives."""

    text: ProtocolText
    records: Records
    known_on: Mapping[int, date] = field(default_factory=dict)
    withdrawals: Sequence[AnswerValues] = ()

    def due(self, trigger: str, on: date) -> date:
        """Return the day by which it is due; 24 hours that began at some time of ``on`` are over on the next day."""
        rule = self.text.trigger(trigger)
        lasts = [timedelta(days=rule.days)] if rule.days is not None else []
        lasts += [timedelta(hours=rule.hours)] if rule.hours is not None else []
        if not lasts:
            raise KeyError(f"the trigger {trigger} gives no days")
        return on + sum(lasts, timedelta())


def wanted_todos(
    text: ProtocolText,
    records: Records,
    known_on: Mapping[int, date],
    withdrawals: Sequence[AnswerValues] = (),
) -> list[Wanted]:
    """Return everything that the answers ask for by a day, and whether it is there by now.

    ``known_on`` maps the number of a serious event to the day on which the site first knew of it; ``withdrawals``
    are those that stand, with their scopes.
    """
    asking = Asking(text, records, known_on, withdrawals)
    wanteds: list[Wanted] = []
    for rule in (_decisions, _repeat_biopsies, _suspicions, _recurrences, _deaths, _withdrawals):
        wanteds += rule(asking)
    return wanteds


def _decisions(asking: Asking) -> Iterator[Wanted]:
    """A positive or suspect evaluation goes to the team, which decides on surgery."""
    for cre in asking.records("CRE"):
        on = _evaluated_on(cre)
        if on is not None and _is_positive(cre):
            decided = cre["mdt_dt"] is not None and bool(cre["mdt_dec"])
            yield _of_record("CRE_POSITIVE", "CRE", cre, on, asking, done=decided)


def _repeat_biopsies(asking: Asking) -> Iterator[Wanted]:
    """An uncertain biopsy or high-grade dysplasia is repeated, unless residue is proven otherwise."""
    evaluations = asking.records("CRE")
    for cre in evaluations:
        on = earliest_day(cre["ogd_dt"])
        if on is None or _biopsy(cre) not in TO_REPEAT or cre["cre_outcome"] in WITH_DISEASE:
            continue
        again = any(
            (later := earliest_day(other["ogd_dt"])) is not None
            and later > on
            and _biopsy(other) not in (None, "nd")
            for other in evaluations
        )
        yield _of_record("REPEAT_BIOPSY", "CRE", cre, on, asking, done=again)


def _suspicions(asking: Asking) -> Iterator[Wanted]:
    """A suspected recurrence is proven or ruled out, at a later contact or evaluation (protocol 3.12, dz_status)."""
    contacts = [(on, one) for one in asking.records("FU") if (on := earliest_day(one["fu_dt"]))]
    settled = [on for on, contact in contacts if contact["dz_status"] not in (None, "suspect")]
    settled += [
        on for cre in asking.records("CRE") if cre["cre_outcome"] in DECIDED and (on := _evaluated_on(cre))
    ]
    answered: date | None = date.min  # the day that settled the suspicion before; None while one is open
    for on, contact in sorted(contacts, key=lambda entry: (entry[0], entry[1]["id"])):
        if contact["dz_status"] != "suspect" or answered is None or on < answered:
            continue
        answered = min((day for day in settled if day > on), default=None)
        yield _of_record("SUSPICION", "FU", contact, on, asking, done=answered is not None)


def _recurrences(asking: Asking) -> Iterator[Wanted]:
    """A recurrence or regrowth is described in follow-up, with the treatment that follows."""
    for kind in ("local", "distant"):
        seen = [(on, record) for on, record in _findings(asking, kind)]
        if not seen:
            continue
        on, first = min(seen, key=lambda entry: (entry[0], entry[1]["id"]))
        yield Wanted(
            trigger="RECURRENCE",
            key=kind,
            opened_on=on,
            due_on=asking.due("RECURRENCE", on),
            done=_is_described(asking, kind),
            visit_id=first.get("visit_id"),
        )


def _findings(asking: Asking, kind: str) -> Iterator[tuple[date, AnswerValues]]:
    for cre in asking.records("CRE"):
        outcome = {"local": Found.REGROWTH, "distant": Found.DISTANT}[kind]
        if cre["cre_outcome"] == outcome and (on := _evaluated_on(cre)):
            yield on, cre
    for contact in asking.records("FU"):
        if _recurred(contact, kind) and (on := earliest_day(contact["fu_dt"])):
            yield on, contact


def _is_described(asking: Asking, kind: str) -> bool:
    """Say whether follow-up describes the finding, and what treatment followed, now or at a later contact."""
    contacts = asking.records("FU")
    told = [number for number, contact in enumerate(contacts) if _recurred(contact, kind)]
    if not told:
        return False
    here, later = contacts[told[0]], contacts[told[0] + 1 :]
    return here["post_tx_any"] == "Y" or any(contact["post_tx_any"] is not None for contact in later)


def _deaths(asking: Asking) -> Iterator[Wanted]:
    """News of a death asks for the death page of the survival form; a fatal event, within hours (protocol 2.6).

    Both ask for the end of the study, within the days of a death.
    """
    if known := _fatal_events(asking):
        yield _death_by_event(asking, known)
        yield _end_by_death(asking, min(known.values()))
        return
    pages = [page for page in asking.records("SURV") if page["vital"] == "dead"]
    news = [contact for contact in asking.records("FU") if contact["alive"] == "N"]
    days = [
        on
        for record, name in [*((page, "status_dt") for page in pages), *((one, "fu_dt") for one in news)]
        if (on := earliest_day(record[name]))
    ]
    if days:
        on = min(days)
        done = any(page["state"] in FINISHED for page in pages)
        yield Wanted("DEATH", "death", on, asking.due("DEATH", on), done=done)
        yield _end_by_death(asking, on)


def _end_by_death(asking: Asking, on: date) -> Wanted:
    """The record of the end of the study that a death asks for."""
    done = any(end["eos_phase"] == "study" for end in _ends(asking))
    return Wanted("DEATH", END_OF_STUDY, on, asking.due("DEATH", on), done=done)


def _ends(asking: Asking) -> list[AnswerValues]:
    return [end for end in asking.records("EOS") if end["state"] in FINISHED]


def _withdrawals(asking: Asking) -> Iterator[Wanted]:
    """A withdrawal asks for the end of what it ends: of the study, when it is from all contact, else of a phase."""
    for withdrawal in asking.withdrawals:
        on = withdrawal["on"]
        done = any(
            end["eos_why"] == "withdrew"
            and (end["eos_phase"] == "study" or not withdrawal["all_contact"])
            and (ended := earliest_day(end["eos_dt"])) is not None
            and ended >= on
            for end in _ends(asking)
        )
        yield Wanted("WITHDRAWAL", f"withdrawal:{on}", on, asking.due("WITHDRAWAL", on), done=done)


def _fatal_events(asking: Asking) -> dict[int, date]:
    """Map the number of each event that killed to the day on which the site knew, or else on which it ended."""
    fatal = {event["sequence"]: event for event in asking.records("AE") if died_of(event)}
    days = {
        number: asking.known_on.get(number) or earliest_day(event["ae_en"] or event["ae_st"])
        for number, event in fatal.items()
    }
    return {number: on for number, on in days.items() if on}


def _death_by_event(asking: Asking, known: Mapping[int, date]) -> Wanted:
    """The death page and the report of the event that killed."""
    on = min(known.values())
    has_page = any(page["vital"] == "dead" and page["state"] in FINISHED for page in asking.records("SURV"))
    reported = any(row["ae_no"] in known and row["sae_report"] for row in asking.records("SAE"))
    return Wanted("DEATH_SAE", "death", on, asking.due("DEATH_SAE", on), done=has_page and reported)


def _of_record(
    trigger: str, form: str, record: AnswerValues, on: date, asking: Asking, *, done: bool
) -> Wanted:
    key = f"{form}:{record['id']}"
    return Wanted(trigger, key, on, asking.due(trigger, on), done=done, visit_id=record.get("visit_id"))


def _evaluated_on(cre: AnswerValues) -> date | None:
    return earliest_day(cre["cre_dt"] or cre["ogd_dt"])


def _is_positive(cre: AnswerValues) -> bool:
    return (
        cre["cre_outcome"] in WITH_DISEASE
        or cre["local_call"] in SUSPECT_LOCAL
        or cre["dist_call"] in SUSPECT_DISTANT
    )


def _biopsy(cre: AnswerValues) -> Any:
    """The second pathologist's reading counts where there is one."""
    return cre["bx_review"] or cre["bx_result"]


def _recurred(contact: AnswerValues, kind: str) -> bool:
    kinds = set(contact["rec_type"] or ())
    if contact["rec_yn"] != "Y" or contact["dz_status"] == "suspect":
        return False
    return "distant" in kinds if kind == "distant" else bool(kinds & LOCAL)
