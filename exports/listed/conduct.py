"""Files about how the trial was followed: withdrawals, losses, contacts, deviations, queries (protocol 3.13-3.16)."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from crf import catalogue
from crf.engine.checks import Level
from crf.engine.codebook import codebook
from crf.engine.questions import Classification
from crf.models import (
    AnswerComment,
    DeviationDecision,
    Exclusion,
    Importance,
    ListedFinding,
    MessageKind,
    NothingNew,
    Query,
    QueryMessage,
    QueryState,
    Record,
    Resolution,
)
from crf.queries.sparing import checks_looking_at_the_arm
from exports.cuts import Cut
from exports.masking import Tells
from exports.tables import (
    AT_SITES,
    PARTICIPANT_KEYS,
    YES,
    Column,
    File,
    RowKeys,
    act_behind,
    by_the_sites_clock,
    counted,
    file_of_participants,
    of_participant,
    yes_no,
)
from followup.models import ContactAttempt, Visit
from followup.visit_conduct import ContactResult, ContactRoute
from trials.models import DeviationProposal, LossToFollowUp, Withdrawal
from trials.models.participants import DeviationState

SCOPES = {
    "study_drug": _("Withdrawn from the study drug"),
    "procedures": _("Withdrawn from procedures of surveillance"),
    "quality_of_life": _("Withdrawn from quality of life"),
    "all_contact": _("Withdrawn from all contact"),
}


def _unless_identifying(words: str, form: str, target: str) -> str:
    """Return the SQL of what people wrote; nothing where it is about an answer that could say who somebody is."""
    named = ", ".join(
        f"('{form_code}', '{variable.name}')"
        for form_code, declared in catalogue.forms().items()
        for variable in codebook(declared)
        if variable.classification == Classification.IDENTIFYING
    )
    last = f"regexp_replace({target}, '^.*\\.', '')"
    return f"CASE WHEN ({form}, {last}) IN ({named}) THEN NULL ELSE {words} END"


def withdrawals_file(cut: Cut) -> File:
    return file_of_participants(
        cut,
        "WITHDRAWALS",
        Withdrawal,
        "w",
        (
            Column("WITHDRAWN_ON", 'w."on"', "date", _("Withdrawn on")),
            *(
                Column(name.upper(), yes_no(f"w.{name}"), "boolean", label, YES)
                for name, label in SCOPES.items()
            ),
            Column("REASON", "w.reason", label=_("reason"), tells=Tells.WORDS),
            Column("CANCELLED_AT", by_the_sites_clock("w.cancelled_at"), "date-time", _("cancelled at")),
        ),
        'p.number, w."on", w.id',
    )


def losses_file(cut: Cut) -> File:
    return file_of_participants(
        cut,
        "LOSSES",
        LossToFollowUp,
        "x",
        (
            Column("LOST_ON", "x.lost_on", "date", _("lost on")),
            Column("REACHED_ON", "x.reached_on", "date", _("reached again on")),
            Column("CANCELLED_AT", by_the_sites_clock("x.cancelled_at"), "date-time", _("cancelled at")),
        ),
        "p.number, x.lost_on, x.id",
    )


def contacts_file(cut: Cut) -> File:
    return file_of_participants(
        cut,
        "CONTACTS",
        ContactAttempt,
        "c",
        (
            Column("TRIED_ON", 'c."on"', "date", _("Attempt to reach the participant on")),
            Column("ROUTE", "c.route", "code", _("route"), dict(ContactRoute.choices)),
            Column("RESULT", "c.result", "code", _("result"), dict(ContactResult.choices)),
            Column("CANCELLED_AT", by_the_sites_clock("c.cancelled_at"), "date-time", _("cancelled at")),
        ),
        'p.number, c."on", c.id',
    )


def nothing_new_file(cut: Cut) -> File:
    """What people said at visits: that a log has nothing new, who said it and when."""
    return file_of_participants(
        cut,
        "NOTHING_NEW",
        NothingNew,
        "x",
        (
            Column("FORM", "x.form_code", "code", _("Log that has nothing new")),
            Column("VISIT", "v.code", "code", _("Visit")),
            Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("SAID_BY", "u.username", label=_("user name")),
            Column("SAID_AT", by_the_sites_clock("a.at"), "date-time", _("said at")),
        ),
        "p.number, a.at, x.form_code, x.id",
        join=(
            f"{act_behind('x', 'crf_nothingnewevent', cut)} "
            f"JOIN {cut.rows(Visit)} v ON v.id = x.visit_id "
            f"LEFT JOIN {cut.rows(User)} u ON u.id = a.by_id"
        ),
        visit="visit_id",
    )


# The text of a proposal, each of its places (%(name)s) filled with the value of that name; \x25 is the percent sign.
FILLED_DETAIL: Final = r"""(
    SELECT string_agg(coalesce(p.part[1], '') || coalesce(d."values" ->> p.part[2], ''), '' ORDER BY p.place)
    FROM regexp_matches(d.detail, '((?:(?!\x25\(\w).)+)?(?:\x25\((\w+)\)s)?', 'g') WITH ORDINALITY AS p(part, place)
)"""


def _once_settled(said: str) -> str:
    """Return the SQL of what the act that settled a proposal says; nothing while it waits for somebody."""
    return f"CASE WHEN d.state <> '{DeviationState.PROPOSED.value}' THEN {said} END"


def deviations_file(cut: Cut) -> File:
    """What rules proposed, who settled it and why, and where it stands on the log (form DV)."""
    return file_of_participants(
        cut,
        "DEVIATION_PROPOSALS",
        DeviationProposal,
        "d",
        (
            Column("RULE", "d.rule", "code", _("rule")),
            Column("FOUND_ON", "d.found_on", "date", _("found on")),
            Column("STATE", "d.state", "code", _("State of the proposal"), dict(DeviationState.choices)),
            Column("DETAIL", FILLED_DETAIL, label=_("what was found"), tells=Tells.WORDS),
            Column(
                "DETAIL_VALUES",
                'd."values"',
                label=_("Values that DETAIL names, as JSON"),
                tells=Tells.WORDS,
            ),
            Column("FORMSEQ", "d.deviation_no", "integer", _("Number on the log of deviations (form DV)")),
            Column("SETTLED_AT", _once_settled(by_the_sites_clock("a.at")), "date-time", _("settled at")),
            Column("SETTLED_BY", _once_settled("u.username"), label=_("user name")),
            Column("REASON", _once_settled("a.reason"), label=_("reason"), tells=Tells.WORDS),
        ),
        "p.number, d.found_on, d.id",
        join=(
            f"{act_behind('d', 'trials_deviationproposalevent', cut)} "
            f"LEFT JOIN {cut.rows(User)} u ON u.id = a.by_id"
        ),
    )


def _check_column(form: str, check: str) -> Column:
    """Return the code of a check; without the arm, and on every page, none of one that looks at it (ADR 55)."""
    told = ", ".join(f"('{of}', '{code}')" for of, code in sorted(checks_looking_at_the_arm()))
    spared = f"CASE WHEN ({form}, {check}) IN ({told}) THEN '' ELSE {check} END"
    return Column("CHECK_CODE", check, label=_("check"), spared=spared)


def queries_file(cut: Cut) -> File:
    """Every query that was opened, how it stands or ended; its thread is a table of its own."""
    rows = cut.rows(Query)
    levels = {Level.HARD.value: _("Stops the save"), Level.SOFT.value: _("Asks")}
    return File(
        "QUERIES",
        (
            *PARTICIPANT_KEYS,
            Column("QUERY", "q.id", "integer", _("Number of the query")),
            Column("FORM", "q.form_code", "code", _("Form")),
            Column("VISIT", "v.code", "code", _("Visit")),
            Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("FORMSEQ", "q.sequence", "integer", _("Which record of the form")),
            Column("QUESTION", "q.target", label=_("Question that it is about; nothing for the whole form")),
            Column(
                "ASKED_BY",
                "CASE q.key WHEN '' THEN 'person' ELSE 'check' END",
                "code",
                _("Asked by"),
                {"person": _("A person"), "check": _("A check")},
            ),
            _check_column("q.form_code", "q.check_code"),
            Column("LEVEL", "q.level", "code", _("Level of the check"), levels),
            Column("STATE", "q.state", "code", _("State of the query"), dict(QueryState.choices)),
            Column("RESOLUTION", "q.resolution", "code", _("how it ended"), dict(Resolution.choices)),
            Column("OPENED_AT", by_the_sites_clock("q.opened_at"), "date-time", _("opened")),
            Column("CLOSED_AT", by_the_sites_clock("q.closed_at"), "date-time", _("closed")),
        ),
        f"{rows} q {of_participant(cut, 'q')} LEFT JOIN {cut.rows(Visit)} v ON v.id = q.visit_id {AT_SITES}",
        "p.number, q.opened_at, q.id",
        counted(cut, rows, "true"),
        keys=RowKeys("q", visit="visit_id"),
    )


def findings_file(cut: Cut) -> File:
    """What checks of level listing found, and when the answers no longer showed it."""
    return file_of_participants(
        cut,
        "LISTED_FINDINGS",
        ListedFinding,
        "f",
        (
            Column("FORM", "r.form_code", "code", _("Form")),
            Column("VISIT", "v.code", "code", _("Visit")),
            Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("FORMSEQ", "r.sequence", "integer", _("Which record of the form")),
            _check_column("r.form_code", "f.check_code"),
            Column("QUESTION", "f.target", label=_("Question that it is about; nothing for the whole form")),
            Column("FOUND_AT", by_the_sites_clock("f.found_at"), "date-time", _("found")),
            Column("GONE_AT", by_the_sites_clock("f.gone_at"), "date-time", _("gone")),
        ),
        "p.number, f.found_at, f.id",
        join=(
            f"JOIN {cut.rows(Record)} r ON r.id = f.record_id "
            f"LEFT JOIN {cut.rows(Visit)} v ON v.id = r.visit_id"
        ),
        record="record_id",
    )


def comments_file(cut: Cut) -> File:
    """What sites said beside their answers, word for word (CDISC CO)."""
    return file_of_participants(
        cut,
        "COMMENTS",
        AnswerComment,
        "c",
        (
            Column("FORM", "r.form_code", "code", _("Form")),
            Column("VISIT", "v.code", "code", _("Visit")),
            Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("FORMSEQ", "r.sequence", "integer", _("Which record of the form")),
            Column("QUESTION", "c.target", label=_("Question that it is about; nothing for the whole form")),
            Column(
                "COVAL",
                _unless_identifying("c.text", "r.form_code", "c.target"),
                label=_("comment"),
                tells=Tells.WORDS,
            ),
            Column("CODTC", by_the_sites_clock("a.at"), "date-time", _("written")),
        ),
        "p.number, c.id",
        join=(
            f"JOIN {cut.rows(Record)} r ON r.id = c.record_id "
            f"JOIN audit_act a ON a.id = c.act_id "
            f"LEFT JOIN {cut.rows(Visit)} v ON v.id = r.visit_id"
        ),
        record="record_id",
    )


def messages_file(cut: Cut) -> File:
    """What was said of each query, by whom and when."""
    return file_of_participants(
        cut,
        "QUERY_MESSAGES",
        QueryMessage,
        "x",
        (
            Column("QUERY", "x.query_id", "integer", _("Number of the query")),
            Column("WHAT", "x.kind", "code", _("what"), dict(MessageKind.choices)),
            Column("SAID_BY", "u.username", label=_("user name; empty: the system")),
            Column("SAID_AT", by_the_sites_clock("x.at"), "date-time", _("said at")),
            Column(
                "WORDS",
                _unless_identifying("x.text", "q.form_code", "q.target"),
                label=_("text; empty where it is about an answer that could say who somebody is"),
                tells=Tells.WORDS,
            ),
        ),
        "p.number, x.query_id, x.at, x.id",
        join=f"JOIN {cut.rows(Query)} q ON q.id = x.query_id LEFT JOIN {cut.rows(User)} u ON u.id = x.by_id",
    )


def deviation_decisions_file(cut: Cut) -> File:
    """What was decided centrally of deviations, without the arm; the last decision counts (protocol 3.15)."""
    return file_of_participants(
        cut,
        "DEVIATION_DECISIONS",
        DeviationDecision,
        "x",
        (
            Column("FORMSEQ", "x.deviation_no", "integer", _("Number on the log of deviations (form DV)")),
            Column("IMPORTANCE", "x.importance", "code", _("importance"), dict(Importance.choices)),
            Column(
                "EXCLUDES_PP",
                "x.excludes_pp",
                "code",
                _("excludes from the per-protocol set"),
                dict(Exclusion.choices),
            ),
            Column("REASON", "x.reason", label=_("reason"), tells=Tells.WORDS),
            Column("DECIDED_AT", by_the_sites_clock("x.decided_at"), "date-time", _("decided at")),
            Column("DECIDED_BY", "u.username", label=_("user name")),
        ),
        "p.number, x.deviation_no, x.decided_at, x.id",
        join=(
            f"{act_behind('x', 'crf_deviationdecisionevent', cut)} "
            f"LEFT JOIN {cut.rows(User)} u ON u.id = a.by_id"
        ),
        record="record_id",
    )
