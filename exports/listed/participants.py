"""Files about participants: where they stand, milestones, visits, versions, consents and transfers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf import catalogue
from crf.eligibility.evidence import STRATIFYING_ANSWER, STRATIFYING_FORM
from crf.engine.base import COMPLETED
from crf.models import Record
from exports.cuts import Cut
from exports.masking import Tells
from exports.tables import (
    PARTICIPANT_KEYS,
    Column,
    File,
    RowKeys,
    by_the_sites_clock,
    counted,
    digest_column,
    joined_digest,
    number_of_act,
    of_participant,
    yes_no,
)
from followup.models import Visit, VisitState
from followup.visit_conduct import ContactMode, SourceKeeper
from protocol.staging import CLINICAL_GROUPS
from randomization.models import Allocation, AllocationError, ErrorKind
from trials.models import Consent, ConsentRefusal, ConsentVersion, Milestone, Participant, Site, Transfer
from trials.models.participants import AfterRefusal, Track

ARMS = {"1": "1", "2": "2"}
_STAGES = {group: group for group in CLINICAL_GROUPS}
STRATA = (
    Column("STRAT_SITE", "al.strat_site", label=_("Site as randomized")),
    Column("STRAT_STAGE", "al.strat_stage", "code", _("Clinical stage group as randomized"), _STAGES),
    Column(
        "STRAT_STAGE_TRUE",
        "sg.cstage",
        "code",
        _("Clinical stage group as STAGE has it now"),
        _STAGES,
    ),
    Column(
        "STRAT_STAGE_MARKED",
        "em.strat_stage_true",
        "code",
        _("True stage group in the register"),
        _STAGES,
    ),
)  # nothing where nobody is allocated yet (protocol 3.2, X072)


def joined_strata(cut: Cut, *, of_allocation: bool = False) -> str:
    """Return the SQL that joins what a participant was allocated by, and what form and register say since.

    ``of_allocation`` says that the allocation (``al``) is the row itself.
    """
    staging = catalogue.form(STRATIFYING_FORM).model
    records, answers = cut.rows(Record, f"e.form_code = '{STRATIFYING_FORM}'"), cut.rows(staging)
    group = staging._meta.get_field(STRATIFYING_ANSWER).column
    completed = ", ".join(f"'{state.value}'" for state in COMPLETED)
    own = "" if of_allocation else f"LEFT JOIN {cut.rows(Allocation)} al ON al.participant_id = p.id "
    return (
        f"{own}LEFT JOIN (SELECT DISTINCT ON (r.participant_id) r.participant_id, f.{group} AS cstage "  # noqa: S608
        f"FROM {records} r JOIN {answers} f ON f.id = r.id "
        f"WHERE r.form_code = '{STRATIFYING_FORM}' AND r.state IN ({completed}) "
        "ORDER BY r.participant_id, r.sequence DESC, r.id DESC) sg ON sg.participant_id = al.participant_id "
        f"LEFT JOIN (SELECT DISTINCT ON (e.allocation_id) e.* FROM {cut.rows(AllocationError)} e "
        f"WHERE e.kind = '{ErrorKind.WRONG_STRATUM.value}' AND e.withdrawn_at IS NULL "
        "ORDER BY e.allocation_id, e.recorded_at DESC, e.id DESC) em ON em.allocation_id = al.id"
    )


def participants_file(cut: Cut) -> File:
    rows = cut.rows(Participant)
    return File(
        "PARTICIPANTS",
        (
            *PARTICIPANT_KEYS,
            Column(
                "STATE",
                "p.state",
                "code",
                _("Where the participant stands"),
                dict(Track.choices),
                tells=Tells.COURSE,
            ),
            Column("STATE_SINCE", "p.state_since", "date", _("in this state since"), tells=Tells.COURSE),
            Column("ARM", "p.arm", "code", _("Arm, once allocated"), ARMS, tells=Tells.ARM),
            *STRATA,
            Column("REGISTERED_ON", "p.registered_on", "date", _("registered on")),
            Column("PROTOCOL_VERSION", "p.protocol_version", label=_("Version of the protocol")),
            digest_column("p.protocol_version"),
        ),
        f"{rows} p JOIN {cut.rows(Site)} s ON s.id = p.site_id {joined_strata(cut)} WHERE s.code = ANY(%(sites)s)",
        "p.number",
        counted(cut, rows, "true"),
        keys=RowKeys("p", "id"),
    )


def milestones_file(cut: Cut) -> File:
    rows = cut.rows(Milestone)
    return File(
        "MILESTONES",
        (
            *PARTICIPANT_KEYS,
            Column("MILESTONE", "m.code", "code", _("milestone")),
            Column("DATE", 'm."on"', "date", _("on")),
            Column("DATE_FIRST", "m.earliest", "date", _("first possible day")),
            Column("DATE_LAST", "m.latest", "date", _("last possible day")),
            Column("RESULT", "m.result", "code", _("result")),
            Column("SOURCE", "m.source", "code", _("source")),
            Column("SOURCE_FORM", "r.form_code", "code", _("Form it was read from")),
            Column("SOURCE_VISIT", "v.code", "code", _("Visit of that form")),
            Column("SOURCE_VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("SOURCE_FORMSEQ", "r.sequence", "integer", _("Which record of the form")),
        ),
        f"{rows} m {of_participant(cut, 'm')} LEFT JOIN {cut.rows(Record)} r ON r.id = m.source_record "
        f"LEFT JOIN {cut.rows(Visit)} v ON v.id = r.visit_id "
        'WHERE coalesce(m."on", m.earliest) IS NOT NULL AND s.code = ANY(%(sites)s)',
        'p.number, coalesce(m."on", m.earliest), m.code',
        counted(cut, rows, 'coalesce(t."on", t.earliest) IS NOT NULL'),
        keys=RowKeys("m"),
    )


def _joined_version(cut: Cut) -> str:
    """Return the SQL that joins (as ``y``) the version that a participant followed when the visit was last written.

    Of the versions of a participant up to the visit's act it is the last one: none after it is of that act or before.
    """
    number = number_of_act("v", "followup_visitevent", cut)
    steps = (
        "(SELECT e.pgh_obj_id, e.act_id, e.protocol_version, min(e.act_id) OVER (PARTITION BY e.pgh_obj_id "  # noqa: S608
        "ORDER BY e.pgh_id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS later "
        f"FROM trials_participantevent e WHERE {cut.saw('e.act_id')})"
    )
    return (
        f"LEFT JOIN {steps} y ON y.pgh_obj_id = v.participant_id AND y.act_id <= {number} "
        f"AND (y.later IS NULL OR y.later > {number})"
    )


def visits_file(cut: Cut) -> File:
    rows, version = cut.rows(Visit), "y.protocol_version"
    return File(
        "VISITS",
        (
            *PARTICIPANT_KEYS,
            Column("VISIT", "v.code", "code", _("Visit")),
            Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("STATE", "v.state", "code", _("State of the visit"), dict(VisitState.choices)),
            Column("ANCHOR", "v.anchor", "code", _("Milestone that the visit counts from")),
            Column("TARGET", "v.target", "date", _("Day of the protocol")),
            Column("OPENS", "v.opens", "date", _("First day of the window")),
            Column("CLOSES", "v.closes", "date", _("Last day of the window")),
            Column("TOOK_PLACE_ON", "v.took_place_on", "date", _("Took place on")),
            Column("TIMING", "v.timing", "code", _("In, before or after the window")),
            Column(
                "CONTACT_MODE",
                "v.contact_mode",
                "code",
                _("How and where the visit was made (SVCNTMOD)"),
                dict(ContactMode.choices),
            ),
            Column(
                "SOURCE_KEEPER",
                "v.source_keeper",
                "code",
                _("Whose record is the source"),
                dict(SourceKeeper.choices),
            ),
            Column(
                "NOT_DONE_REASON",
                "coalesce('met:' || v.met_on, v.not_done_reason)",
                label=_("Why it was not done"),
            ),
            Column("PROTOCOL_VERSION", version, label=_("Version of the protocol")),
            digest_column(version, is_joined=True),
        ),
        f"{rows} v {of_participant(cut, 'v')} {_joined_version(cut)} {joined_digest(version)} "
        "WHERE v.state <> 'cancelled' AND s.code = ANY(%(sites)s)",
        "p.number, v.opens NULLS FIRST, v.code, v.occurrence, v.id",
        counted(cut, rows, "t.state <> 'cancelled'"),
        keys=RowKeys("v", visit="id"),
    )


def versions_file(cut: Cut) -> File:
    """Each version that a participant has followed, from when on."""
    turns = cut.turns(Participant, "protocol_version")
    return File(
        "PROTOCOL_VERSIONS",
        (
            *PARTICIPANT_KEYS,
            Column("PROTOCOL_VERSION", "h.protocol_version", label=_("Version of the protocol")),
            digest_column("h.protocol_version"),
            Column("FOLLOWED_FROM", by_the_sites_clock("a.at"), "date-time", _("Followed from")),
        ),
        f"{turns} h JOIN {cut.rows(Participant)} p ON p.id = h.id JOIN {cut.rows(Site)} s ON s.id = p.site_id "
        "JOIN audit_act a ON a.id = h.act_id WHERE s.code = ANY(%(sites)s)",
        "p.number, h.pgh_id",
        _counted_where_followed(cut, turns, "t.id", "true"),
        keys=RowKeys("h", "id"),
    )


def _counted_where_followed(cut: Cut, rows: str, participant: str, which: str) -> str:
    """Return the rows of participants whom the sites follow; the rows may be of the site before a transfer."""
    return (
        f"{rows} t JOIN {cut.rows(Participant)} q ON q.id = {participant} "
        f"JOIN {cut.rows(Site)} s ON s.id = q.site_id WHERE {which} AND s.code = ANY(%(sites)s)"
    )


def transfers_file(cut: Cut) -> File:
    """Each time that a participant went on at another site; who was followed where is read from it."""
    rows = cut.rows(Transfer)
    return File(
        "TRANSFERS",
        (
            *PARTICIPANT_KEYS,
            Column("FROM_SITE", "x.site_code", label=_("Releasing site")),
            Column("TO_SITE", "x.receiving_code", label=_("Receiving site")),
            Column("AGREED_FOR", 'x."on"', "date", _("day of the transfer")),
            Column("TRANSFERRED_AT", by_the_sites_clock("x.confirmed_at"), "date-time", _("confirmed at")),
            Column("TRANSFER_REASON", "x.reason", label=_("reason"), tells=Tells.WORDS),
        ),
        f"{rows} x JOIN {cut.rows(Participant)} p ON p.id = x.participant_id "
        f"JOIN {cut.rows(Site)} s ON s.id = p.site_id "
        "WHERE x.confirmed_at IS NOT NULL AND s.code = ANY(%(sites)s)",
        "p.number, x.confirmed_at, x.id",
        _counted_where_followed(cut, rows, "t.participant_id", "t.confirmed_at IS NOT NULL"),
        keys=RowKeys("x"),
    )


CONSENT_PARTS = {
    "sensitive_data": _("consent to the use of sensitive health data"),
    "biobank": _("consent to extra samples"),
    "register_lookup": _("consent to look up vital status after withdrawal"),
}
CONSENT_ANSWERS = {"signed": _("Signed the text"), "refused": _("Did not sign the text")}


def consents_file(cut: Cut) -> File:
    """Each consent text that a participant was asked to sign, and the answer."""
    answers = (
        "(SELECT id, participant_id, site_id, act_id, version_id, 'signed' AS answer, signed_on AS answered_on, "  # noqa: S608
        f"sensitive_data, biobank, register_lookup, '' AS follows FROM {cut.rows(Consent)} signed UNION ALL "
        "SELECT id, participant_id, site_id, act_id, version_id, 'refused', asked_on, "
        f"NULL, NULL, NULL, follows FROM {cut.rows(ConsentRefusal)} refused)"
    )
    return File(
        "CONSENTS",
        (
            *PARTICIPANT_KEYS,
            Column("CONSENT_VERSION", "x.label", label=_("consent version")),
            Column("ANSWER", "c.answer", "code", _("Answer"), dict(CONSENT_ANSWERS)),
            Column("ANSWERED_ON", "c.answered_on", "date", _("Answered on")),
            *(
                Column(part.upper(), yes_no(f"c.{part}"), "boolean", label)
                for part, label in CONSENT_PARTS.items()
            ),
            Column("AFTER_REFUSAL", "c.follows", "code", _("what follows"), dict(AfterRefusal.choices)),
        ),
        f"{answers} c {of_participant(cut, 'c')} JOIN {cut.rows(ConsentVersion)} x ON x.id = c.version_id "
        "WHERE s.code = ANY(%(sites)s)",
        "p.number, c.answered_on, c.answer, c.id",
        counted(cut, answers, "true"),
        keys=RowKeys("c"),
    )
