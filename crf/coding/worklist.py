"""What is coded, what waits for it, and what is coded with another version of a dictionary than the one in use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast

from accounts.models import User
from accounts.permissions import Permission
from crf.coding.items import CodedItem, coded_items
from crf.coding.proposals import CodingProposal, Verbatim, propose
from crf.coding.releases import versions_in_use
from crf.links import form_url
from crf.models import Coding, Query, Record
from trials.models import Participant, Site

STANDS, FALLEN = "coded", "uncoded"
COLUMNS = (
    *("record_number", "participant_number", "site_code", "record_sequence", "record_visit"),
    *("item", "words", "coded_code", "coded_version", "asked", "form_code_of_term"),
)
SORTED = {
    "words": ("words", "participant_number", "item", "record_number"),
    "participant": ("participant_number", "item", "words", "record_number"),
}


@dataclass(frozen=True)
class WordsToCode:
    """Words of a site on one record, as the work list shows them."""

    record_id: int
    number: str
    site: str
    sequence: int
    visit_id: int | None
    item: CodedItem
    words: str
    code: str
    version: str
    is_asked: bool
    form_code: str
    proposal: CodingProposal | None = None

    @property
    def digest(self) -> str:
        return digest_of(self.words)

    @property
    def href(self) -> str:
        return form_url(self.number, self.item.form.code, visit_id=self.visit_id, sequence=self.sequence) + (
            f"#q-{self.item.question.name}"
        )

    @property
    def verbatim(self) -> Verbatim:
        return Verbatim(self.words, self.item.dictionary, self.form_code)


def digest_of(words: str) -> str:
    """Return what names words that a coder has seen: they are coded only while they are the same."""
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def latest_coding(record: Any, question: Any) -> QuerySet[Coding]:
    """Return the coding that counts for one question of a record, first."""
    return Coding.objects.filter(record=record, question=question).order_by("-coded_at", "-pk")


def rows_of(item: CodedItem, records: QuerySet[Any] | None = None) -> Any:
    """Return the records whose question has words, each with what it was coded as last, while it says the same."""
    question = item.question
    last = latest_coding(OuterRef("pk"), question.name)
    asked = Query.objects.living().filter(record=OuterRef("pk"), target=question.name, key="")
    hint = question.code_proposed_by
    rows = (item.form.model.objects.all() if records is None else records).order_by()
    return rows.exclude(**{question.name: None}).annotate(
        words=Cast(F(question.name), TextField()),
        item=Value(item.key, output_field=CharField()),
        coded_words=Subquery(last.values("verbatim")[:1]),
        coded_code=Subquery(last.values("code")[:1]),
        coded_version=Subquery(last.values("version")[:1]),
        asked=Exists(asked),
        form_code_of_term=Cast(F(hint), TextField()) if hint else Value("", output_field=TextField()),
        record_number=F("pk"),
        participant_number=F("participant__number"),
        site_code=F("site__code"),
        record_sequence=F("sequence"),
        record_visit=F("visit_id"),
    )


def standing(rows: Any) -> Any:
    """Narrow to words that are coded, and have not changed since."""
    return rows.filter(coded_words=F("words"))


def waiting(rows: Any) -> Any:
    """Narrow to words that nobody has coded, or that have changed since."""
    return rows.filter(Q(coded_words=None) | ~Q(coded_words=F("words")))


def count_uncoded(*, participant: Participant | None = None, site: Site | None = None) -> int:
    """Return how many words of a participant, of a site or of the whole trial wait to be coded."""
    of = {name: value for name, value in (("participant", participant), ("site", site)) if value is not None}
    return sum(
        waiting(rows_of(item, item.form.model.objects.filter(**of))).count()
        for item in coded_items().values()
    )


def uncoded_records(records: QuerySet[Record]) -> QuerySet[Record]:
    """Narrow to the records with words that wait to be coded in a dictionary that the trial has in use."""
    in_use = versions_in_use()
    uncoded = Q(pk__in=())
    for item in coded_items().values():
        if item.dictionary in in_use:
            uncoded |= Q(pk__in=waiting(rows_of(item)).values("pk"))
    return records.filter(uncoded)


def uncoded_on(record_id: int, form_code: str) -> list[str]:
    """Return the questions of one record whose words wait to be coded."""
    of_form = (item for item in coded_items().values() if item.form.code == form_code)
    return [
        item.question.name
        for item in of_form
        if waiting(rows_of(item, item.form.model.objects.filter(pk=record_id))).exists()
    ]


def listed(
    user: User, chosen: Mapping[str, str], in_use: Mapping[str, str], order: Sequence[str] = ()
) -> Any:
    """Return the rows of the work list that ``chosen`` asks for, as one query over all questions that are coded."""
    parts = [
        _narrowed(rows_of(item, _records_open_to(user, item, chosen)), item, chosen, in_use)
        for item in coded_items().values()
        if chosen.get("item") in (None, "", item.key)
        and chosen.get("dictionary") in (None, "", item.dictionary)
    ]
    columns = [part.values_list(*COLUMNS) for part in parts]
    together = reduce(lambda first, other: first.union(other, all=True), columns)
    return together.order_by(*(order or SORTED["words"]))


def _records_open_to(user: User, item: CodedItem, chosen: Mapping[str, str]) -> Any:
    records = item.form.model.objects.open_to(user, Permission.CODING_VIEW)
    return records.filter(site__code=chosen["site"]) if chosen.get("site") else records


def _narrowed(rows: Any, item: CodedItem, chosen: Mapping[str, str], in_use: Mapping[str, str]) -> Any:
    show = chosen.get("show") or FALLEN
    if show == FALLEN:
        return waiting(rows)
    if show == "upgrade":
        return standing(rows).exclude(coded_version=in_use.get(item.dictionary, ""))
    return standing(rows)


def words_of(rows: Iterable[Any], *, proposing: bool = False) -> list[WordsToCode]:
    """Return rows of the list as values, with a proposal beside each that has one."""
    words = [_words_of(row) for row in rows]
    if not proposing:
        return words
    proposals = propose([each.verbatim for each in words])
    return [WordsToCode(**{**vars(each), "proposal": proposals.get(each.verbatim)}) for each in words]


def _words_of(row: Any) -> WordsToCode:
    said = dict(zip(COLUMNS, row, strict=True))
    return WordsToCode(
        record_id=said["record_number"],
        number=said["participant_number"],
        site=said["site_code"],
        sequence=said["record_sequence"],
        visit_id=said["record_visit"],
        item=coded_items()[said["item"]],
        words=said["words"],
        code=said["coded_code"] or "",
        version=said["coded_version"] or "",
        is_asked=said["asked"],
        form_code=said["form_code_of_term"] or "",
    )
