"""Every question of every form is answered at least once: what the stories leave out is answered in a few records."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Count

from accounts.models import User
from crf import catalogue
from crf.engine.base import RecordState
from crf.engine.declaration import FormDeclaration, Repeats
from crf.engine.evaluation import Evaluation
from crf.engine.questions import ANY_REASON
from crf.engine.submission import NO_ROWS, parse
from crf.engine.typed import raw_of
from crf.records.save import save_answers
from crf.store.context import FormContext
from crf.store.records import NEW, RecordKey, StoredRecord, find_stored_record, form_begun, key_of_record
from crf.trial_rules.track import RuleInput, track_change_of
from demo.simulation.answer_search import AnswerDraft, QuestionPlace
from demo.simulation.bulk import in_parallel
from demo.simulation.sites import Stage
from followup.services import add_unscheduled_visit
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from trials.models import Participant, Withdrawal
from trials.models.participants import Track

WHY: Final = "Completed from the chart"
RECORDS_TRIED: Final = 40
OF_THE_END: Final = frozenset({"SURV", "EOS"})
"""Forms that say how following ends: for them somebody has come to each end first."""
VISITS_MADE: Final = 3
FOLLOWED: Final = (Track.FOLLOW_UP, Track.SURVEILLANCE, Track.OPERATED)
ROUNDS: Final = 3  # where an answer on record changed, others went


def places_of(form: FormDeclaration) -> Iterator[QuestionPlace]:
    """Yield each question of the form, then those of its groups."""
    yield from (QuestionPlace("", name) for name in form.questions)
    for group in form.groups.values():
        yield from (QuestionPlace(group.name, name) for name in group.questions)


def never_answered(form: FormDeclaration) -> list[QuestionPlace]:
    """Return the questions that no record of the form answers, derived ones included."""
    models = {"": form.model, **{group.name: group.model for group in form.groups.values()}}
    names = {"": form.questions, **{group.name: group.questions for group in form.groups.values()}}
    counts = {
        table: model.objects.aggregate(**{f"n_{name}": Count(name) for name in names[table]})
        for table, model in models.items()
    }
    return [place for place in places_of(form) if not counts[place.group][f"n_{place.name}"]]


@dataclass
class FilledForms:
    """Who fills in, when; ``people`` are the coordinators by the key of their site."""

    people: dict[int, User]
    at: datetime
    dice: random.Random

    def fill(self, form: FormDeclaration) -> None:
        """Every question of the form that can be asked of somebody here has an answer somewhere."""
        with transaction.atomic():
            wanted = [place for place in never_answered(form) if not _question(form, place).derived]
        for record_key, stored, may_change in self._records(form) if wanted else ():
            wanted = self._answer(record_key, stored, wanted, may_change)
            if not wanted:
                return

    def _records(self, form: FormDeclaration) -> Iterator[tuple[RecordKey, StoredRecord | None, bool]]:
        """Yield the records that can hold more answers; those in which answers on record change come last."""
        with transaction.atomic():
            rows = form.model.objects.exclude(state__in=(RecordState.EMPTY, RecordState.LOCKED))
            rows = rows.exclude(participant__in=_left()).select_related("participant__site", "visit")
            keys = [key_of_record(form, row) for row in rows.order_by("-sequence", "-pk")[:RECORDS_TRIED]]
            people: list[Participant] = []
            if form.repeats == Repeats.LOG:
                everybody = Participant.objects.randomized().exclude(pk__in=_left()).select_related("site")
                people = list(everybody.order_by("pk")[:RECORDS_TRIED])
        self.dice.shuffle(people)
        fresh = [RecordKey(form, person, None, NEW) for person in people]
        yield from ((key, self._stored(key), False) for key in keys)
        yield from ((key, None, False) for key in fresh)
        yield from ((key, self._stored(key), True) for key in reversed(keys))
        if form.repeats == Repeats.PER_VISIT:
            yield from ((key, None, False) for key in self._new_visits(form))

    def _new_visits(self, form: FormDeclaration) -> Iterator[RecordKey]:
        """Yield a place on a visit out of turn, made today, of one participant after the other."""
        with transaction.atomic():
            active = Participant.objects.filter(state__in=FOLLOWED, site__in=self.people)
            people = list(active.select_related("site").order_by("pk")[:VISITS_MADE])
        for person in people:
            on = FormContext(person, at=self.at).today
            with suppress(Refusal):
                visit = add_unscheduled_visit(
                    participant=person, took_place_on=on, forms=[form.code], why="Came with a complaint",
                    by=self.people[person.site_id], at=self.at,
                )  # fmt: skip
                visit.participant = person
                yield RecordKey(form, person, visit)

    @staticmethod
    def _stored(record_key: RecordKey) -> StoredRecord | None:
        with transaction.atomic():
            return find_stored_record(record_key)

    def _answer(
        self,
        record_key: RecordKey,
        stored: StoredRecord | None,
        wanted: list[QuestionPlace],
        may_change: bool,
    ) -> list[QuestionPlace]:
        """Answer as many as one record can hold; return what is left."""
        participant = record_key.participant
        with transaction.atomic():
            form = form_begun(record_key, (stored.record if stored else participant).protocol_version)
            form_context = FormContext(participant, at=self.at)
            context = form_context.context(
                form,
                visit=record_key.visit,
                sequence=record_key.sequence,
                record_id=stored.record.pk if stored else None,
            )
            days = list(self._days(record_key, stored, form_context))
        draft = _draft(form, context, days, self.dice, stored, may_change)
        draft.derived = dict(draft.judged().values)
        if stored:
            standing = _where_to(form, participant, draft.judged())
            draft.leads = lambda outcome: _where_to(form, participant, outcome) == standing
        left: list[QuestionPlace] = []
        for place in wanted:
            answered = draft.with_answer(place)
            draft, left = (answered, left) if answered else (draft, [*left, place])
        if len(left) == len(wanted):
            return wanted
        return left if self._save(record_key, stored, form, draft) else wanted

    def give_reasons(self) -> None:
        """Each reason why there is no answer is given once, to questions that nobody asked for elsewhere."""
        wanted = list(ANY_REASON)
        for record_key, stored, _may_change in self._records(catalogue.form("STAGE")):
            if stored is None:
                continue
            with transaction.atomic():
                form = form_begun(record_key, stored.record.protocol_version)
                form_context = FormContext(record_key.participant, at=self.at)
                context = form_context.context(form, visit=record_key.visit, record_id=stored.record.pk)
            draft = _draft(form, context, [], self.dice, stored, may_change=False)
            blank = [
                name
                for name in sorted(draft.judged().visible & form.questions.keys())
                if draft.values.get(name) is None and not form.questions[name].derived
            ]
            for name in blank:
                if wanted and name not in draft.missing and wanted[0] in form.questions[name].missing_allowed:
                    draft.missing[name] = wanted.pop(0)
            if not wanted and self._save(record_key, stored, form, draft):
                return
            wanted = list(ANY_REASON)

    def _days(
        self, record_key: RecordKey, stored: StoredRecord | None, form_context: FormContext
    ) -> Iterator[date]:
        """Yield the days that an answer may be about, the likeliest first."""
        form, visit = record_key.form, record_key.visit
        day = getattr(stored.record, form.day_question, None) if stored and form.day_question else None
        known = [
            *([day.date() if isinstance(day, datetime) else day] if isinstance(day, date) else []),
            *([visit.took_place_on] if visit and visit.took_place_on else []),
            form_context.today,
            *reversed([on for on in form_context.milestone_days().values() if on]),
        ]
        yield from dict.fromkeys(known)

    def _save(
        self, record_key: RecordKey, stored: StoredRecord | None, form: FormDeclaration, draft: AnswerDraft
    ) -> bool:
        zone = record_key.participant.site.time_zone
        groups = {
            name: [
                {**row, "row_id": "", "position": None} if str(row["row_id"]).startswith("new") else row
                for row in rows
            ]
            for name, rows in draft.groups.items()
        }
        raw = raw_of(form, values=draft.values, groups=groups, missing=draft.missing, zone=zone)
        saved = stored.saved_rows if stored else NO_ROWS
        typed = parse(form, {**raw, "_reason": WHY}, zone=zone, saved=saved)
        with suppress(Refusal):  # another record is tried
            save_answers(
                record_key=record_key,
                answers=typed.answers(),
                version=stored.record.version if stored else NEW,
                by=self.people[record_key.participant.site_id],
                at=self.at,
            )
            return True
        return False


def _where_to(form: FormDeclaration, participant: Participant, outcome: Evaluation) -> Any:
    """Return where answers lead the participant: milestones, tracks and results."""
    milestones = dict(outcome.milestones)
    seen = RuleInput(outcome.values, participant.arm, milestones, outcome.groups)
    return milestones, track_change_of(form.code, seen)


def _left() -> Any:
    """Return whom nothing more is recorded about."""
    return Withdrawal.objects.filter(all_contact=True).values("participant")


def _question(form: FormDeclaration, place: QuestionPlace) -> Any:
    return (form.groups[place.group].questions if place.group else form.questions)[place.name]


def _draft(
    form: FormDeclaration,
    context: Any,
    days: list[date],
    dice: random.Random,
    stored: StoredRecord | None,
    may_change: bool,
) -> AnswerDraft:
    outcome: Evaluation | None = stored.outcome(form) if stored else None
    typed = {name: question for name, question in form.questions.items() if not question.derived}
    if outcome is None:
        groups = {
            name: [
                {**start, "row_id": "", "position": number, "missing": {}}
                for number, start in enumerate(group.starts_with, start=1)
            ]
            for name, group in form.groups.items()
        }
        return AnswerDraft(form, context, days, dice, {}, groups, may_change=may_change)
    return AnswerDraft(
        form,
        context,
        days,
        dice,
        {name: outcome.values[name] for name in typed},
        {
            name: [
                {part: value for part, value in row.items() if part not in _derived(form, name)}
                for row in rows
            ]
            for name, rows in outcome.groups.items()
        },
        dict(outcome.missing),
        may_change=may_change,
    )


def _derived(form: FormDeclaration, group: str) -> set[str]:
    return {name for name, question in form.groups[group].questions.items() if question.derived}


def answer_every_question(stage: Stage, until: datetime, seed: int, codes: Collection[str] = ()) -> None:
    """No question of the forms, or of all, is left without any answer, as far as it can be asked of somebody here."""
    people = {place.site.pk: place.coordinator for place in stage.places}

    def work(codes: list[str]) -> list[str]:
        for code in codes:
            run = FilledForms(people, until, random.Random(f"{seed} {code}"))  # noqa: S311 (a story)
            with scope(user_id=None, sites=EVERYTHING):
                for _round in range(ROUNDS):
                    run.fill(catalogue.form(code))
                if code == "STAGE":
                    run.give_reasons()
        return []

    forms = catalogue.forms()
    in_parallel(
        work, {code: len(forms[code].questions) for code in codes or sorted(forms.keys() - OF_THE_END)}
    )
