"""What a form reads outside itself: other forms, milestones, arm, visit, site, consent, protocol."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Max, Min

from crf import catalogue
from crf.engine.answers import AnswerRow
from crf.engine.base import COMPLETED
from crf.engine.checks import RETIRED, earliest_day, in_site_time
from crf.engine.declaration import IS_COMPLETE, FormDeclaration, form_of
from crf.models import CheckMark, DeviationDecision, MarkKind, SafetyClock, SponsorAssessment
from crf.models import Record as SavedRecord
from crf.store.bulk_read import FormQuery, LockQuery, TableQuery, bulk_read, instance_of, values_of
from followup.models import ContactAttempt, Visit
from followup.visit_conduct import SOMEBODY_MET
from kernel.clock import local_date
from protocol import text
from protocol.laboratory import ReferenceLimits
from protocol.values import is_value, value_of
from trials.models import (
    ChecklistItem,
    Consent,
    EligibilityDecision,
    LossToFollowUp,
    Milestone,
    Participant,
    ReferenceRange,
    ScreeningOutcome,
    Withdrawal,
)
from trials.services import live_decision

JUDGED = (
    *("event_no", "expectedness", "reference", "causality", "susar", "known_at", "urgent"),
    *("authority_on", "follow_up_on"),
)
DECIDED = ("deviation_no", "importance", "excludes_pp")
CLOCKS = ("event_no", "kind", "starts_at", "due_at", "met_at", "ended_at")


class FormContext:
    """Answers around one participant, each table read at most once and only when something asks for it."""

    def __init__(self, participant: Participant, *, at: datetime | None) -> None:
        self.participant = participant
        self.site = participant.site
        self._at = at
        self._milestones: dict[str, Milestone] | None = None
        self._retired: dict[str, set[str]] = {}
        self._records: dict[str, list[AnswerRow]] = {}
        self._rows: dict[tuple[str, str, int], list[AnswerRow]] = {}
        self._all_rows: dict[tuple[str, str], list[AnswerRow]] = {}
        self._consents: list[Consent] | None = None
        self._assessments: list[AnswerRow] | None = None
        self._clocks: list[AnswerRow] | None = None
        self._versions: dict[int, str] = {}
        self._ranges: list[ReferenceLimits] | None = None

    @property
    def today(self) -> date:
        """Return the calendar day at the site."""
        if self._at is None:
            raise ValueError("these surroundings were not told what time it is")
        return local_date(self._at, self.site.time_zone)

    def context(
        self,
        form: FormDeclaration,
        *,
        visit: Visit | None = None,
        sequence: int = 1,
        record_id: int | None = None,
    ) -> dict[str, Any]:
        """Return the value of each of the form's foreign reads, for one record of it; and which checks are retired."""
        own = {
            "visit.code": visit.code if visit else None,
            "visit.target": visit.target if visit else None,
            "visit.on": visit.took_place_on if visit else None,
            "visit.opens": visit.opens if visit else None,
            "visit.closes": visit.closes if visit else None,
            "record.sequence": sequence,
        }
        self.fetch(form.foreign_reads)
        known = {
            read: own[read] if read in own else self._look(read, form.code, record_id)
            for read in form.foreign_reads
        }
        if form.code in self._retired:
            known[RETIRED] = frozenset(self._retired[form.code])
        return known

    def context_value(self, read: str) -> Any:
        """Return one value from outside, named as a form reads it."""
        return self._look(read, "", None)

    def remember(self, record: SavedRecord) -> None:
        """A record at hand need not be read again for the protocol version that it was begun under."""
        self._versions[record.pk] = record.protocol_version

    def milestone(self, code: str) -> Milestone | None:
        """Return the milestone as it stands, or None."""
        if self._milestones is None:
            self.fetch(())
        return (self._milestones or {}).get(code)

    def milestone_days(self) -> dict[str, date | None]:
        """Map every milestone that stands to its day."""
        if self._milestones is None:
            self.fetch(())
        return {code: milestone.on for code, milestone in (self._milestones or {}).items()}

    def fetch(
        self, reads: Iterable[str], also: Iterable[TableQuery | LockQuery] = ()
    ) -> dict[str, list[AnswerRow]]:
        """Bring milestones, retired checks and the forms that ``reads`` names in one journey, with ``also`` besides."""
        codes = {form_of(read) for read in reads} & catalogue.forms().keys() - self._records.keys()
        forms = [FormQuery(code, catalogue.form(code).model) for code in sorted(codes)]
        parts: list[TableQuery | LockQuery] = list(also)
        if self._milestones is None:
            parts.append(TableQuery("milestones", Milestone, "participant_id", self.participant.pk))
            parts.append(
                TableQuery("retired", CheckMark, "kind", MarkKind.RETIRED, also="t.ended_at IS NULL")
            )
        loaded = bulk_read(parts, participant=self.participant.pk, forms=forms)
        for code in codes:
            self._records[code] = _in_order(catalogue.form(code), loaded.pop(code), self.site.time_zone)
        if "milestones" in loaded:
            kept = [instance_of(Milestone, row) for row in loaded.pop("milestones")]
            self._milestones = {milestone.code: milestone for milestone in kept}
            for row in loaded.pop("retired"):
                self._retired.setdefault(row["form_code"], set()).add(row["check_code"])
        return loaded

    def forget_milestones(self) -> None:
        """Milestones were written: read them again when they are asked for."""
        self._milestones = None

    def forget(self, code: str) -> None:
        """Records of form ``code`` were written: read them again when they are asked for."""
        self._records.pop(code, None)
        self._rows = {record_key: rows for record_key, rows in self._rows.items() if record_key[0] != code}
        self._all_rows = {group: rows for group, rows in self._all_rows.items() if group[0] != code}

    def records(self, code: str) -> list[AnswerRow]:
        """Return the answers of every record of a form, by the day they are about."""
        if code not in self._records:
            self.fetch((f"{code}*",))
        return self._records.get(code, [])

    def is_complete(self, code: str) -> bool:
        """Say whether the latest record of a form is saved complete."""
        records = self.records(code)
        return bool(records) and records[-1]["state"] in COMPLETED

    def rows(self, code: str, group: str, record_id: int) -> list[AnswerRow]:
        """Return the rows of a repeating group of one record."""
        record_key = (code, group, record_id)
        if record_key not in self._rows:
            declared = catalogue.form(code).groups[group]
            stored = declared.model.objects.filter(record_id=record_id, removed=False).order_by("position")
            self._rows[record_key] = self._in_site_time(stored.values("position", *declared.questions))
        return self._rows[record_key]

    def rows_of_others(self, code: str, group: str, own: int | None) -> list[AnswerRow]:
        """Return the rows of a repeating group of every record of a form but ``own``."""
        if (code, group) not in self._all_rows:
            declared = catalogue.form(code).groups[group]
            of_them = [row["id"] for row in self.records(code)]
            stored = declared.model.objects.filter(record_id__in=of_them, removed=False)
            ordered = stored.order_by("record_id", "position")
            self._all_rows[code, group] = self._in_site_time(
                ordered.values("record_id", "position", *declared.questions)
            )
        return [row for row in self._all_rows[code, group] if row["record_id"] != own]

    def _in_site_time(self, rows: Iterable[AnswerRow]) -> list[AnswerRow]:
        return [_at_site(row, self.site.time_zone) for row in rows]

    def _look(self, read: str, own_code: str, record_id: int | None) -> Any:
        if code := form_of(read):
            return self._look_at_form(code, read, record_id if code == own_code else None)
        if is_value(read):
            return value_of(text.load(self._version_of(record_id)), read)
        match read.partition(".")[::2]:
            case "today", _:
                return self.today
            case "milestone", name:
                return getattr(self.milestone(name), "on", None)
            case "participant", name:
                return self._participant(name, record_id)
            case "site", name:
                return self._site(name)
            case "consent", name:
                return self._consent(name)
            case "visit", "last_on":
                return self._last_visit_on()
            case "sponsor" | "safety" | "central" | "conduct" as kept, name:
                return self._kept(kept, name)
        return None

    def _look_at_form(self, code: str, read: str, own: int | None) -> Any:
        if read == f"{code}.{IS_COMPLETE}":
            return self.is_complete(code)
        others = [row for row in self.records(code) if row["id"] != own]
        if read.endswith("*"):
            return others
        if not others:
            return [] if "*" in read else None
        name = read.split(".", 1)[1]
        form = catalogue.form(code)
        if read.startswith(f"{code}*"):
            return self.rows_of_others(code, name, own)
        return self.rows(code, name, others[-1]["id"]) if name in form.groups else others[-1].get(name)

    def _version_of(self, record_id: int | None) -> str:
        """Return the protocol version of a record: the one it was begun under judges it for good."""
        if record_id is None:
            return self.participant.protocol_version
        if record_id not in self._versions:
            self.remember(SavedRecord.objects.only("protocol_version").get(pk=record_id))
        return self._versions[record_id]

    def _participant(self, name: str, record_id: int | None = None) -> Any:
        """Read the participant; some names ask for the end of screening, the decision and withdrawals."""
        if name == "protocol_version":
            return self._version_of(record_id)
        if name in ("screen_failure_reason", "decline_reason"):
            ended = ScreeningOutcome.objects.filter(participant=self.participant).first()
            return ended.reason if ended and ended.declined == (name == "decline_reason") else None
        if name == "eligibility_signed_on":
            decision = live_decision(self.participant)
            return local_date(decision.decided_at, self.site.time_zone) if decision else None
        if name == "criteria_answered":
            decision = live_decision(self.participant)
            return decision.answers if decision else {}
        if name == "withdrawn":
            standing = Withdrawal.objects.filter(participant=self.participant, cancelled_at=None)
            return [scope for scope in Withdrawal.SCOPES if any(getattr(each, scope) for each in standing)]
        return getattr(self.participant, name)

    def _site(self, name: str) -> Any:
        if name == "zone":
            return self.site.time_zone
        if name == "activated_on":
            return self._activated_on()
        if name == "reference_ranges":
            return self._reference_ranges()
        return getattr(self.site, name)

    def _reference_ranges(self) -> list[ReferenceLimits]:
        """Read what the laboratories of the site call normal, once."""
        if self._ranges is None:
            standing = ReferenceRange.objects.standing().filter(site=self.site)
            self._ranges = [each.limits() for each in standing]
        return self._ranges

    def _activated_on(self) -> date | None:
        """Read the day on which the checklist was first complete: a renewal moves the day of its item, not this."""
        items = ChecklistItem.objects.filter(site=self.site).annotate(first=Min("events__done_on"))
        last: date | None = items.aggregate(last=Max("first"))["last"]
        return last

    def _last_visit_on(self) -> date | None:
        """Read the last day on which a visit met somebody, but for visits whose form says itself who was alive then."""
        met = Visit.objects.filter(SOMEBODY_MET, participant=self.participant)
        visits = met.exclude(forms__overlap=list(catalogue.saying_alive()))
        last: date | None = visits.aggregate(last=Max("took_place_on"))["last"]
        return last

    def _kept(self, by: str, name: str) -> list[AnswerRow]:
        """Return what stands on record beside the forms."""
        told = {"sponsor": self.assessments, "safety": self.clocks, "central": self.decisions}
        return self.conduct(name) if by == "conduct" else told[by]()

    def assessments(self) -> list[AnswerRow]:
        """Return what the sponsor judged of serious events, the latest last."""
        if self._assessments is None:
            sponsor_assessments = SponsorAssessment.objects.filter(participant=self.participant)
            self._assessments = list(sponsor_assessments.order_by("assessed_at", "pk").values(*JUDGED))
        return self._assessments

    def decisions(self) -> list[AnswerRow]:
        """Return what was decided centrally of deviations, the latest last."""
        deviation_decisions = DeviationDecision.objects.filter(participant=self.participant)
        return list(deviation_decisions.order_by("decided_at", "pk").values(*DECIDED))

    def conduct(self, name: str) -> list[AnswerRow]:
        """Return what is on record of how the participant was followed: withdrawals that stand, losses, attempts."""
        of = {"participant": self.participant}
        rows: dict[str, Any] = {
            "withdrawals": Withdrawal.objects.filter(**of, cancelled_at=None).values(
                "on", *Withdrawal.SCOPES
            ),
            "losses": LossToFollowUp.objects.filter(**of, cancelled_at=None).values("lost_on", "reached_on"),
            "attempts": ContactAttempt.objects.standing().filter(**of).values("on", "route", "result"),
        }
        return list(rows[name])

    def clocks(self) -> list[AnswerRow]:
        """Return the clocks of serious events, the latest of each kind last."""
        if self._clocks is None:
            safety_clocks = SafetyClock.objects.filter(participant=self.participant).order_by("pk")
            self._clocks = self._in_site_time(safety_clocks.values(*CLOCKS))
        return self._clocks

    def forget_clocks(self) -> None:
        """Clocks were written: read them again when they are asked for."""
        self._clocks = None

    def _consent(self, name: str) -> Any:
        """Read the first consent: it is the one that study procedures wait for."""
        if self._consents is None:
            consents = Consent.objects.filter(participant=self.participant).select_related("version")
            self._consents = list(consents.order_by("signed_on", "pk"))
        if not self._consents:
            return None
        first = self._consents[0]
        if name == "version_in_force":
            return first.version.in_force_on(first.signed_on)
        return first.version.label if name == "version" else getattr(first, name)


def _at_site(row: AnswerRow, zone: str) -> AnswerRow:
    """Return a row with its instants as the clocks of the site show them."""
    return {name: in_site_time(value, zone) for name, value in row.items()}


def _in_order(form: FormDeclaration, unordered: list[AnswerRow], zone: str) -> list[AnswerRow]:
    """Return the answers of the records by the day they are about."""
    rows = [
        {
            **_at_site(values_of(form.model, row, form.questions), zone),
            "id": row["id"],
            "sequence": row["sequence"],
            "state": row["state"],
            "protocol_version": row["protocol_version"],
            "visit_id": row["visit_id"],
            "visit_code": row["visit_code"],
            "visit_on": date.fromisoformat(row["visit_on"]) if row["visit_on"] else None,
        }
        for row in unordered
    ]
    return sorted(rows, key=lambda row: _day_of(row, form.day_question))


def _day_of(row: AnswerRow, dated: str | None) -> tuple[date, int, int]:
    day = earliest_day(row[dated]) if dated else None
    return day or row["visit_on"] or date.max, row["sequence"], row["id"]


def decision_part(participant: Participant) -> TableQuery:
    """Return what to load to know whether a decision on eligibility is in force."""
    return TableQuery(
        "decision", EligibilityDecision, "participant_id", participant.pk, also="t.lapsed_at IS NULL"
    )
