"""The file of what coders have coded: every word of the sites that is coded, as it stands, with its term."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.coding.items import CodedItem, coded_items
from crf.engine.questions import Classification
from crf.models import CodedBy, Coding, CodingDictionary, Record
from exports.cuts import Cut
from exports.masking import Tells
from exports.tables import (
    AT_SITES,
    PARTICIPANT_KEYS,
    Column,
    File,
    RowKeys,
    by_the_sites_clock,
    counted,
    of_participant,
)
from followup.models import Visit


def coding_file(cut: Cut) -> File:
    """Return the file of the words that are coded, each with the term that a coder confirmed for them as they stand."""
    words, last = _words(cut), _last_codings(cut)
    return File(
        "CODING",
        (
            *PARTICIPANT_KEYS,
            Column("FORM", "w.form", "code", _("Form")),
            Column("VISIT", "v.code", "code", _("Visit")),
            Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("FORMSEQ", "r.sequence", "integer", _("Which record of the form")),
            Column("VARIABLE", "w.variable", label=_("Column in which the words stand")),
            Column("VERBATIM", "w.words", label=_("words of the site"), tells=Tells.WORDS),
            Column("DICTIONARY", "w.dictionary", "code", _("dictionary"), dict(CodingDictionary.choices)),
            Column(
                "DICT_VERSION", "c.version", label=_("Version of the dictionary; nothing while not coded")
            ),
            Column("TERM", "c.name", label=_("term")),
            Column("TERM_CODE", "c.code", label=_("code")),
            Column("PREFERRED", "c.preferred", label=_("preferred term")),
            Column("PREFERRED_CODE", "c.preferred_code", label=_("code of the preferred term")),
            Column("CLASS", "c.class_name", label=_("System organ class, or ATC class")),
            Column("CLASS_CODE", "c.class_code", label=_("Its code")),
            Column(
                "CLASSES",
                "c.classes",
                label=_("Classes above the term, or of the drug, as JSON: code and name"),
            ),
            Column("HOW", "c.how", "code", _("how"), dict(CodedBy.choices)),
            Column("CODED_AT", by_the_sites_clock("c.coded_at"), "date-time", _("coded at")),
        ),
        f"{words} w JOIN {cut.rows(Record)} r ON r.id = w.id {of_participant(cut, 'r')} "
        f"LEFT JOIN {cut.rows(Visit)} v ON v.id = r.visit_id "
        f"LEFT JOIN {last} c ON c.record_id = w.id AND c.question = w.question AND c.verbatim = w.words {AT_SITES}",
        "p.number, w.form, v.opens NULLS FIRST, v.occurrence, r.sequence, w.variable, w.id",
        counted(cut, words, "true"),
        keys=RowKeys("w", "", "id", act=""),
    )


def _words(cut: Cut) -> str:
    """Return the SQL of every answer whose words are coded; what could say who somebody is does not leave."""
    items = (
        item for item in coded_items().values() if item.question.classification != Classification.IDENTIFYING
    )
    return f"({' UNION ALL '.join(_words_of(cut, item) for item in items)})"


def _words_of(cut: Cut, item: CodedItem) -> str:
    question, model = item.question, item.form.model
    column = f'f."{model._meta.get_field(question.name).column}"'
    return (
        f"SELECT f.id, f.site_id, '{item.form.code}' AS form, '{question.name}' AS question, "  # noqa: S608 (declared)
        f"'{question.export}' AS variable, '{item.dictionary}' AS dictionary, {column} AS words "
        f"FROM {cut.rows(model)} f WHERE {column} IS NOT NULL"
    )


def _last_codings(cut: Cut) -> str:
    """Return the SQL of the coding that counts for each answer."""
    return (
        f"(SELECT DISTINCT ON (x.record_id, x.question) x.* FROM {cut.rows(Coding)} x "  # noqa: S608 (declared)
        "ORDER BY x.record_id, x.question, x.coded_at DESC, x.id DESC)"
    )
