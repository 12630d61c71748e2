"""Words of the sites are coded, one by one or several confirmed together, and coded anew at an upgrade."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from audit.models import Act
from crf.coding.items import CodedItem, coded_items
from crf.coding.proposals import Verbatim, only_class, propose
from crf.coding.releases import NotTheCoder, terms_in_use
from crf.coding.worklist import digest_of, latest_coding
from crf.engine.base import RecordState
from crf.models import CodedBy, Coding, CodingSynonym, ReleasedTerm
from kernel.errors import Refusal
from protocol.ctcae import folded
from trials.models import Participant


class WordsChanged(Refusal):
    code = "crf.words_changed"
    message = _(
        "The words on record are not those that you saw: “{words}”. Look at them again; nothing was coded for them."
    )


class NotInDictionary(Refusal):
    code = "crf.not_in_dictionary"
    fields = ("code",)
    message = _("The version in use has no current term with the code {code}. Look for another term.")
    status = 422


class ClassNeeded(Refusal):
    code = "crf.class_needed"
    fields = ("class_code",)
    message = _("{name} has several ATC classes. Choose the one that fits the indication.")
    status = 422


class CodedAlready(Refusal):
    code = "crf.coded_already"
    message = _("“{words}” is coded so already, with the version in use.")


class RecordOfCodingLocked(Refusal):
    code = "crf.coding_locked"
    message = _("The record is locked, and its coding stands with it. Have the record unlocked first.")


def code_words(
    *,
    participant: Participant,
    record_id: int,
    item: str,
    seen: str,
    code: str,
    class_code: str = "",
    by: User,
    at: datetime,
) -> Coding:
    """The words of one question are coded as the term ``code``; what the site wrote stays as it is (protocol 3.6).

    ``seen`` is the digest of the words that the coder saw. What a coder chose for words that are no name of a term
    is a synonym from now on: it is proposed wherever the same words stand. An earlier coding stays on record.

    Refuses: who is no coder; a locked record; words that have changed; a code that the version in use has not, or has
    no longer; a drug with several classes and none chosen; what stands already. Locks: the participant.
    """
    asked = coded_items()[item]
    if not by.may(Permission.CODING_DECIDE, participant.site_id):
        raise NotTheCoder
    with open_act("crf:coding:code", by=by, at=at, participant=participant) as act:
        record = _record_held(participant, record_id, asked)
        words = getattr(record, asked.question.name)
        if words is None or digest_of(words) != seen:
            raise WordsChanged(words=words or "–")
        term = _term_in_use(asked.dictionary, code)
        how = _how(asked, record, words, code)
        before = latest_coding(record.pk, asked.question.name).first()
        kind = CodedBy.UPGRADE if before and before.verbatim == words and before.code == code else how
        coding = _written(record, asked, words, term, _class_of(term, class_code), kind, at, act)
        if _is_same(before, coding):
            raise CodedAlready(words=words)
        coding.save(force_insert=True)
        if how == CodedBy.CHOSEN:
            _learn(asked.dictionary, words, coding, act)
    return coding


def _record_held(participant: Participant, record_id: int, item: CodedItem) -> Any:
    """Return the record, held with its participant; refuse a locked one."""
    Participant.objects.lock(participant.pk)
    record = item.form.model.objects.select_related("participant").get(pk=record_id, participant=participant)
    if record.state == RecordState.LOCKED:
        raise RecordOfCodingLocked
    return record


def _term_in_use(dictionary: str, code: str) -> ReleasedTerm:
    term = terms_in_use(dictionary).select_related("release").filter(code=code, is_current=True).first()
    if term is None:
        raise NotInDictionary(code=code or "–")
    return term


def _class_of(term: ReleasedTerm, chosen: str) -> tuple[str, str]:
    """Return the class that the words are coded under, by code and name."""
    classes = dict(term.classes)
    code = only_class(term) or chosen
    if classes and code not in classes:
        raise ClassNeeded(name=term.name)
    return (code, classes[code]) if classes else ("", "")


def _how(item: CodedItem, record: Any, words: str, code: str) -> CodedBy:
    """Say whether the term is the one that would be proposed, and why; else a coder chose it."""
    hint = item.question.code_proposed_by
    verbatim = Verbatim(words, item.dictionary, getattr(record, hint) or "" if hint else "")
    proposal = propose([verbatim]).get(verbatim)
    return proposal.how if proposal and proposal.term.code == code else CodedBy.CHOSEN


def _written(
    record: Any,
    item: CodedItem,
    words: str,
    term: ReleasedTerm,
    of_class: tuple[str, str],
    how: CodedBy,
    at: datetime,
    act: Act,
) -> Coding:
    class_code, class_name = of_class
    return Coding(
        participant=record.participant,
        site_id=record.participant.site_id,
        record_id=record.pk,
        question=item.question.name,
        verbatim=words,
        dictionary=item.dictionary,
        version=term.release.version,
        code=term.code,
        name=term.name,
        preferred_code=term.preferred_code,
        preferred=term.preferred,
        class_code=class_code,
        class_name=class_name,
        classes=term.classes,
        how=how,
        coded_at=at,
        act=act,
    )


def _is_same(before: Coding | None, coding: Coding) -> bool:
    told = ("verbatim", "version", "code", "class_code")
    return before is not None and all(getattr(before, name) == getattr(coding, name) for name in told)


def _learn(dictionary: str, words: str, coding: Coding, act: Act) -> None:
    """Words that a coder has chosen a term for propose it from now on; a synonym that was retired stays so."""
    of = {"dictionary": dictionary, "folded": folded(words)}
    synonym = CodingSynonym.objects.select_for_update().filter(**of).first() or CodingSynonym(**of)
    synonym.words, synonym.code, synonym.class_code = words, coding.code, coding.class_code
    synonym.act = act
    synonym.save()


def retire_synonym(*, synonym: CodingSynonym, by: User, at: datetime) -> CodingSynonym:
    """The words propose nothing any more; what was coded by them stays coded.

    Refuses: who is no coder of the whole trial. Locks: the synonym.
    """
    if not by.may(Permission.CODING_DECIDE):
        raise NotTheCoder
    with open_act("crf:synonym:retire", by=by, at=at, reason=synonym.words) as act:
        locked = CodingSynonym.objects.select_for_update().get(pk=synonym.pk)
        locked.is_retired, locked.act = True, act
        locked.save(update_fields=["is_retired", "act"])
    return locked
