"""A form as one person has it open: what the page shows, and what pressing Save does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.requests import PersonRequest
from crf.engine import messages, submission
from crf.engine.base import RecordState
from crf.engine.changes import changes
from crf.engine.checks import Level
from crf.engine.declaration import FormDeclaration, Repeats
from crf.engine.evaluation import Evaluation, evaluate
from crf.engine.submission import NO_ROWS, Prompt, Raw, Review, RowsOnRecord
from crf.engine.typed import raw_of
from crf.models import AnswerComment, Attachment, Draft, Query, SaveKey
from crf.page.balloons import asked_at
from crf.page.comments import drawn_comments
from crf.page.form_page import FormPage, Links, PageInput, given_of_review
from crf.page.render import page
from crf.page.taken import forms_taken_from, known_answers
from crf.page.way import safe_back, with_query
from crf.queries.sparing import (
    is_spared,
    listed_without_the_arm,
    spared_words,
    typed_telling_the_arm,
    without_the_arm,
)
from crf.queries.system import question_of_query
from crf.records.drafts import DraftTooLarge, discard_draft, draft_at, keep_draft
from crf.records.refusals import (
    AnswersImpossible,
    AnswersUnreadable,
    KeyUsed,
    ReasonNeeded,
    RowsLeftOut,
    StaleVersion,
)
from crf.records.save import LONGEST_KEY, Saved, save_answers
from crf.records.visit_changes import VisitsWouldChange
from crf.store.bulk_read import LockQuery, TableQuery
from crf.store.context import FormContext
from crf.store.grade_texts import grade_texts
from crf.store.licensed_wording import wordings_of
from crf.store.records import NEW, RecordKey, StoredRecord, find_stored_record, form_begun, record_key_of
from crf.store.versions import answers_at
from followup.models import Visit
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from kernel.once import new_key
from kernel.punctuation import listed
from kernel.row_keys import key_of, row_of
from trials.models import Participant


def open_participant(request: PersonRequest, number: str, permission: Permission) -> Participant:
    """Return the participant with their site; 403 without the right, 404 when they are not for this person to see."""
    if not request.user.may(permission):
        raise Forbidden
    participants = Participant.objects.open_to(request.user, permission).select_related("site")
    return get_object_or_404(participants, number=number)


def open_record(
    request: PersonRequest, number: str, code: str, sequence: int, permission: Permission
) -> RecordKey:
    """Return the place that an address names; 404 when it is not for this person to see."""
    participant = open_participant(request, number, permission)
    wanted = request.GET.get("visit", "")
    visit = None
    if wanted:
        visits = Visit.objects.open_to(request.user, permission).filter(participant=participant)
        visit = get_object_or_404(visits, pk=row_of("visit", wanted))
        visit.participant = participant
    return record_key_of(participant=participant, form=code, visit=visit, sequence=sequence)


def address(name: str, record_key: RecordKey, *of: int, draft: str = "", back: str = "") -> str:
    """Return where something can be done with the record, a row ``of`` it, or the draft of one opened page."""
    args: list[str | int] = [record_key.participant.number, record_key.form.code, record_key.sequence, *of]
    asked = {"visit": key_of("visit", record_key.visit.pk)} if record_key.visit else {}
    asked |= {name: value for name, value in (("draft", draft), ("back", back)) if value}
    return reverse(f"crf:{name}", args=args) + (f"?{urlencode(asked)}" if asked else "")


def storage_name(record_key: RecordKey, page: str, user: User) -> str:
    """Return under which name a browser keeps what is typed; the page of each new record has one of its own."""
    return f"{key_of('user', user.pk)}:{record_key.label}" + (
        f":{page}" if record_key.sequence == NEW else ""
    )


@dataclass
class RecordEditor:
    """One form in front of one person.

    ``opened`` is the key of a page that was opened before, ``back`` the address of the page that led here.
    """

    record_key: RecordKey
    user: User
    at: datetime
    opened: str = ""
    stopped: VisitsWouldChange | None = None
    rows_that_go: RowsLeftOut | None = None
    leaves_out: bool = False
    refused: str = ""
    back: str = ""

    @cached_property
    def form_context(self) -> FormContext:
        context = FormContext(self.record_key.participant, at=self.at)
        if self.stored is not None:
            context.remember(self.stored.record)
        return context

    @cached_property
    def form(self) -> FormDeclaration:
        """Return the form with words and rows of the version under which the record was begun, or would be.

        Who may not see allocations has no answer on it that is worked out from the arm, and none on record that
        says it.
        """
        form, begun = self.record_key.form, self.stored.record if self.stored else self.record_key.participant
        if not self.user.may(Permission.ALLOCATION_VIEW, self.record_key.participant.site_id):
            form = listed_without_the_arm(form) if self.kept_back else without_the_arm(form)
        if form.counted or form.reworded:
            return form_begun(replace(self.record_key, form=form), begun.protocol_version)
        return form

    @cached_property
    def kept_back(self) -> dict[str, Any]:
        """Return the answers on record that people typed and that the reader may not see, for they say the arm."""
        if self.stored is None or self.user.may(
            Permission.ALLOCATION_VIEW, self.record_key.participant.site_id
        ):
            return {}
        typed = typed_telling_the_arm(self.record_key.form)
        answers = {name: getattr(self.stored.record, name) for name in sorted(typed)}
        return {name: value for name, value in answers.items() if value is not None}

    @cached_property
    def stored(self) -> StoredRecord | None:
        return find_stored_record(self.record_key)

    @cached_property
    def draft(self) -> Draft | None:
        return draft_at(self.record_key, page=self.opened, by=self.user) if self.editable else None

    @property
    def is_new(self) -> bool:
        """Say whether this is one more record of a log, which has no number yet."""
        return self.record_key.sequence == NEW

    @cached_property
    def key(self) -> str:
        """The key of the page: of the one that is opened again, or its own."""
        if self.draft is not None and not self.draft_is_old:
            return self.draft.page
        return self.opened if self.is_new and self.opened else new_key()

    @cached_property
    def context(self) -> dict[str, Any]:
        record = self.stored.record if self.stored else None
        return self.form_context.context(
            self.record_key.form,
            visit=self.record_key.visit,
            sequence=self.record_key.sequence,
            record_id=record.pk if record else None,
        )

    @property
    def version(self) -> int:
        return self.stored.record.version if self.stored else NEW

    @property
    def saved_rows(self) -> RowsOnRecord:
        return self.stored.saved_rows if self.stored else NO_ROWS

    @property
    def zone(self) -> str:
        return self.record_key.participant.site.time_zone

    @cached_property
    def around(self) -> dict[str, list[Any]]:
        """Return what stands over and beside the record: its lock, and whether it has comments and files."""
        participant, visit = self.record_key.participant, self.record_key.visit
        record = self.stored.record.pk if self.stored else None
        place = (participant.site_id, participant.pk, visit.pk if visit else None, record)
        asked: list[Any] = [LockQuery("lock", place)]
        if record is not None:
            asked.append(TableQuery("comments", AnswerComment, "record_id", record))
            asked.append(TableQuery("attachments", Attachment, "record_id", record))
        form = self.record_key.form
        return self.form_context.fetch(form.foreign_reads | forms_taken_from(form), asked)

    @property
    def lock(self) -> dict[str, Any] | None:
        """Return the freeze or lock that holds over the record, or over the place where it would stand."""
        locks = self.around["lock"]
        return locks[0] if locks else None

    @cached_property
    def editable(self) -> bool:
        """Say whether the person may type here now; what is frozen or locked is read."""
        locked = self.lock is not None or (
            self.stored is not None and self.stored.record.state == RecordState.LOCKED
        )
        may = self.user.may(self.record_key.form.entered_by, self.record_key.participant.site_id)
        return may and not locked and self.user.trained_on is not None

    @property
    def draft_is_old(self) -> bool:
        """Say whether the record was saved since the draft was begun."""
        return self.draft is not None and self.draft.version != self.version

    def drop_idle_drafts(self) -> None:
        """Drafts that say no more than what is saved, or than what their page began with, are discarded.

        Such a draft is left by a second page whose answers were saved on another one. What could not be read, or
        is not asked any more, stands in no answer yet: a draft with it is kept.
        """
        while (draft := self.draft) is not None and self._is_idle(draft):
            discard_draft(record_key=self.record_key, page=draft.page, by=self.user)
            del self.draft  # the next one is looked for

    def _is_idle(self, draft: Draft) -> bool:
        mine = self.review(draft.raw)
        if mine.errors or mine.outcome.cleared:
            return False
        known = [self.saved_evaluation()]
        if self.stored is not None and self.draft_is_old:
            known += filter(None, [answers_at(self.form, self.stored.record, draft.version)])
        return any(not changes(self.form, each, mine.outcome) for each in known)

    def saved_evaluation(self) -> Evaluation:
        """Return the saved answers, or the rows that a new form begins with, with all that follows."""
        if self.stored is None:
            groups = self.form.groups
            starts = {name: submission.rows_begun(group) for name, group in groups.items()}
            return evaluate(self.form, values={}, groups=starts, context=self.context)
        seen = self.stored.outcome(self.form)
        return evaluate(
            self.form,
            values=seen.values,
            groups=seen.groups,
            missing=seen.missing,
            context=self.context,
        )

    def raw_of(self, outcome: Evaluation) -> Raw:
        return raw_of(
            self.form,
            values=outcome.values,
            groups=outcome.groups,
            missing=outcome.missing,
            zone=self.zone,
        )

    def page(self) -> FormPage:
        """Return the page as it opens: the person's own draft if there is one, else what is saved."""
        if self.draft is not None and not self.draft_is_old:
            return self.page_of(self.review(self.draft.raw), announce=False)
        outcome = self.saved_evaluation()
        return page(self.form, PageInput(raw=self.raw_of(outcome), outcome=outcome, **self._frame()))

    def review(self, raw: Any) -> Review:
        rest: dict[str, Any] = {"zone": self.zone, "saved": self.saved_rows, "today": self.form_context.today}
        return submission.review(self.form, raw, context=self.context, **rest)

    def page_of(
        self,
        review: Review,
        *,
        announce: bool = True,
        reason_problem: str = "",
        pasted: Mapping[str, Sequence[str]] | None = None,
    ) -> FormPage:
        """Return the page with everything that was typed on it; ``pasted`` says what became of pasted lines."""
        frame = self._frame(key=review.submission.control("key"))
        given = given_of_review(review, announce=announce, pasted=pasted or {}, **frame)
        if reason_problem:
            given = PageInput(**{**vars(given), "errors": {**given.errors, "_reason": reason_problem}})
        return page(self.form, given)

    def _frame(self, key: str = "") -> dict[str, Any]:
        saved = self.stored.outcome(self.form) if self.stored else None
        return {
            "saved": self.raw_of(saved) if saved else None,
            "context": self.context,
            "links": self.links(),
            "version": self.version,
            "key": key or self.key,
            "editable": self.editable,
            "today": self.form_context.today.isoformat(),
            "storage": storage_name(self.record_key, key or self.key, self.user),
            "stored": self._stored_new_page(),
            "zone": self.zone,
            "comments": drawn_comments(self.stored.record.pk, zone=self.zone, language=get_language() or "en")
            if self.stored and self.around["comments"]
            else {},
            "known": known_answers(self.form, self.form_context, zone=self.zone) if self.editable else {},
            "asked": asked_at(self.queries, ask=self.ask),
            "wordings": wordings_of(self.form, get_language() or "en"),
            "meanings": lambda term: grade_texts(term, get_language() or "en"),
        }

    def _stored_new_page(self) -> str:
        """Return that name for the page on which this record of a log was new: the browser drops its copy."""
        if self.stored is None or self.record_key.form.repeats != Repeats.LOG:
            return ""
        first = SaveKey.objects.filter(owner=self.user, record_id=self.stored.record.pk, version=1).first()
        new = replace(self.record_key, sequence=NEW)
        return storage_name(new, first.key, self.user) if first else ""

    def links(self) -> Links:
        record_key, new, back = self.record_key, self.key if self.is_new else "", safe_back(self.back)
        return Links(
            save=address("form", record_key, draft=new, back=back),
            draft=address("draft", record_key, draft=new) if self.editable else "",
            derive=address("derive", record_key) if self.editable else "",
            discard=address("discard", record_key, draft=self.draft.page) if self.draft else "",
            history=address("history", record_key) if self.stored else "",
            comment=f"{with_query(address('comment', record_key))}target="
            if self.stored and self.editable
            else "",
            verify=f"{address('verify', record_key)}#{key_of('record', self.stored.record.pk)}-"
            if self.stored
            else "",
            back=back or record_key.participant.get_absolute_url(),
            blank=reverse("crf:blank", args=[record_key.form.code]),
        )

    @cached_property
    def queries(self) -> list[tuple[Query, str]]:
        """Return the living queries about the record, or about the form that is not there yet, with their words."""
        if not self.user.may(Permission.QUERY_VIEW, self.record_key.participant.site_id):
            return []
        queries = Query.objects.living().filter(
            participant=self.record_key.participant,
            form_code=self.record_key.form.code,
            visit=self.record_key.visit,
        )
        if self.record_key.form.repeats == Repeats.LOG:
            queries = queries.filter(sequence=self.record_key.sequence)
        return [(query, self._words_of(query)) for query in queries.prefetch_related("messages")]

    def _words_of(self, query: Query) -> str:
        if is_spared(query, self.user):
            return spared_words()
        return question_of_query(self.form, query, query.messages.all(), zone=self.zone)

    @property
    def ask(self) -> str:
        """Return where a query about the record is raised; empty for whoever raises none."""
        may = self.user.may(Permission.QUERY_RAISE, self.record_key.participant.site_id)
        return address("ask", self.record_key) if may and not self.is_new else ""

    def keep(self, review: Review) -> None:
        """Keep what was typed as the draft of its page, and which prompts it met."""
        key = review.submission.control("key")
        raw = dict(review.submission.raw)
        raw["_prompts"] = [json.dumps(self._prompts(review))]
        review.submission.raw["_prompts"] = raw["_prompts"]
        with suppress(DraftTooLarge):  # the page that comes back carries all of it
            self.draft = keep_draft(
                record_key=self.record_key,
                page=key if 0 < len(key) <= LONGEST_KEY else self.key,
                raw=raw,
                version=review.submission.version or NEW,
                by=self.user,
                at=self.at,
            )

    def _prompts(self, review: Review) -> list[Prompt]:
        known = {(prompt.get("key"), prompt.get("value")): prompt for prompt in review.submission.prompts}
        for finding in review.outcome.at(Level.HARD):
            name = review.submission.names.get(finding.target, finding.target)
            value = ", ".join(review.submission.raw.get(name, ()))
            said = messages.finding_text(self.form, finding, zone=self.zone)
            prompt = Prompt(key=finding.key, name=name, value=value, message=said)
            known.setdefault((finding.key, value), prompt)
        return list(known.values())


def try_to_save(editor: RecordEditor, data: Any) -> Saved | tuple[FormPage, int]:
    """Return what was saved, or the page that says what stands in the way, and its status.

    Everything typed is on that page and in the draft of the page; a version or a key that was used before is for
    the page that compares.
    """
    form, problem, status = editor.form, "", 422
    today = local_date(editor.at, editor.zone)
    typed = submission.parse(form, data, zone=editor.zone, saved=editor.saved_rows, today=today)
    if form is not editor.record_key.form:
        typed.values |= editor.kept_back
    editor.leaves_out = bool(typed.control("leave_out"))
    try:
        return save_answers(
            record_key=editor.record_key,
            answers=typed.answers(),
            version=typed.version or NEW,
            key=typed.control("key"),
            seen_plan=typed.control("plan"),
            by=editor.user,
            at=editor.at,
        )
    except (Forbidden, KeyUsed):
        raise
    except StaleVersion:
        editor.keep(editor.review(data))
        raise
    except (AnswersUnreadable, AnswersImpossible):
        pass  # each answer says on the page what is wrong with it
    except ReasonNeeded as refused:
        answers = listed(messages.label_at(form, target) for target in refused.targets)
        problem = _("{refused} It is about: {answers}.").format(refused=refused, answers=answers)
    except VisitsWouldChange as stopped:
        editor.stopped = stopped
    except RowsLeftOut as refused:
        editor.rows_that_go = refused
    except Refusal as refused:
        editor.refused, status = str(refused), refused.status
    review = editor.review(data)
    editor.keep(review)
    return editor.page_of(review, reason_problem=problem), status


def editor_beside(editor: RecordEditor, used: KeyUsed, data: Any) -> RecordEditor:
    """Return the record that the key of the page saved before, with what was typed now as a draft beside it.

    A key that saved a record of another form or participant is no road to it, and stays a refusal.
    """
    saved, asked = used.record_key, editor.record_key
    if saved is None or (saved.form, saved.participant) != (asked.form, asked.participant):
        raise used
    beside = RecordEditor(saved, editor.user, editor.at, opened=new_key())
    beside.keep(beside.review({**submission.raw_of_post(data), "_key": [beside.opened]}))
    return beside


def said_of(saved: Saved, *, clock: str) -> str:
    """Return the sentence that follows a save."""
    if saved.outdated:
        return _(
            "Nothing was saved now: this page was saved before, and the record has been changed since. Below stands "
            "what is saved."
        )
    text = _("Saved at {time}.").format(time=clock)
    if saved.queries_opened:
        text += " " + ngettext(
            "{number} query was opened: see the note at the answer.",
            "{number} queries were opened: see the notes at the answers.",
            saved.queries_opened,
        ).format(number=saved.queries_opened)
    return text
