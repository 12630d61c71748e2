"""Files about the way into the trial: screening log, eligibility decisions with their evidence, allocation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from crf import catalogue
from crf.eligibility.evidence import SOURCES
from crf.engine.questions import Classification
from exports.cuts import Cut
from exports.listed.participants import ARMS, STRATA, joined_strata
from exports.masking import Tells
from exports.tables import (
    AT_SITES,
    PARTICIPANT_KEYS,
    YES,
    Column,
    File,
    RowKeys,
    by_the_sites_clock,
    counted,
    digest_column,
    file_of_participants,
    of_participant,
    yes_no,
)
from kernel.days import in_chinese
from protocol.eligibility import CriterionReason
from protocol.text import load, versions
from randomization.models import Allocation, AllocationError, ErrorKind
from trials.models import Consent, ConsentVersion, EligibilityDecision, Participant, ScreeningOutcome, Site
from trials.models.participants import DeclineReason, ScreenFailureReason

DECISION = Column("DECISION", "d.id", "integer", _("Number of the decision"))
SCREENED_AS = {"screen_failure": _("Screen failure"), "declined": _("Eligible but declined")}


def screening_file(cut: Cut) -> File:
    """One row for everybody who was screened: what came of it, and why (screening log)."""
    rows = cut.rows(Participant)
    first = (
        "LEFT JOIN (SELECT c.participant_id, min(c.signed_on) AS signed_on "  # noqa: S608
        f"FROM {cut.rows(Consent)} c GROUP BY c.participant_id) i ON i.participant_id = p.id"
    )
    last = (
        f"LEFT JOIN (SELECT DISTINCT ON (d.participant_id) d.* FROM {cut.rows(EligibilityDecision)} d "  # noqa: S608
        "ORDER BY d.participant_id, d.decided_at DESC, d.id DESC) d ON d.participant_id = p.id"
    )
    return File(
        "SCREENING",
        (
            *PARTICIPANT_KEYS,
            Column("REGISTERED_ON", "p.registered_on", "date", _("registered on")),
            Column("CONSENTED_ON", "i.signed_on", "date", _("First consent signed on")),
            Column("ELIGIBLE", yes_no("d.eligible"), "boolean", _("Eligible by the last decision"), YES),
            Column("DECIDED_AT", by_the_sites_clock("d.decided_at"), "date-time", _("decided at")),
            Column("RANDOMIZED_AT", by_the_sites_clock("al.randomized_at"), "date-time", _("randomized at")),
            Column(
                "OUTCOME",
                "CASE o.declined WHEN true THEN 'declined' WHEN false THEN 'screen_failure' END",
                "code",
                _("Why not randomized"),
                dict(SCREENED_AS),
            ),
            Column(
                "REASON",
                "o.reason",
                "code",
                _("reason"),
                dict([*ScreenFailureReason.choices, *DeclineReason.choices]),
            ),
            Column("CRITERIA", _joined("o.criteria"), label=_("criteria not met")),
            Column("DETAIL", "o.detail", label=_("detail"), tells=Tells.WORDS),
            Column("ENDED_ON", 'o."on"', "date", _("Screening ended on")),
        ),
        f"{rows} p JOIN {cut.rows(Site)} s ON s.id = p.site_id "
        f"LEFT JOIN {cut.rows(ScreeningOutcome)} o ON o.participant_id = p.id "
        f"LEFT JOIN {cut.rows(Allocation)} al ON al.participant_id = p.id {first} {last} {AT_SITES}",
        "p.number",
        counted(cut, rows, "true"),
        keys=RowKeys("p", "id"),
    )


def _joined(column: str) -> str:
    return f"(SELECT string_agg(each, ';') FROM jsonb_array_elements_text({column}) each)"  # noqa: S608


def decisions_file(cut: Cut) -> File:
    """Every decision on eligibility, also those that lapsed; the evidence is a table of its own."""
    return file_of_participants(
        cut,
        "ELIGIBILITY_DECISIONS",
        EligibilityDecision,
        "d",
        (
            DECISION,
            Column("ELIGIBLE", yes_no("d.eligible"), "boolean", _("eligible"), YES),
            Column("DECIDED_AT", by_the_sites_clock("d.decided_at"), "date-time", _("decided at")),
            Column("DECIDED_BY", "u.username", label=_("user name")),
            Column("SIGNATURE", "d.signature_id", "integer", _("Number of the signature")),
            Column("DIGEST", "d.digest", label=_("digest of the evidence")),
            Column("NOTE", "d.note", label=_("note"), tells=Tells.WORDS),
            Column("LAPSED_AT", by_the_sites_clock("d.lapsed_at"), "date-time", _("lapsed at")),
            Column("LAPSE_CAUSE", "d.lapse_cause", label=_("why it lapsed"), tells=Tells.WORDS),
        ),
        "p.number, d.decided_at, d.id",
        join=f"JOIN {cut.rows(Signature)} g ON g.id = d.signature_id LEFT JOIN {cut.rows(User)} u ON u.id = g.by_id",
    )


def evidence_file(cut: Cut) -> File:
    """What each decision was made on: a row for each criterion, with the answers as they were read."""
    rows = (
        "(SELECT d.id, d.participant_id, d.site_id, d.act_id, d.decided_at, c.place, c.said "  # noqa: S608 (declared)
        f"FROM {cut.rows(EligibilityDecision)} d, "
        "LATERAL jsonb_array_elements(d.evidence -> 'criteria') WITH ORDINALITY c (said, place))"
    )
    return File(
        "ELIGIBILITY_EVIDENCE",
        (
            *PARTICIPANT_KEYS,
            DECISION,
            Column("CRITERION", "d.said ->> 'code'", "code", _("Criterion"), _criteria()),
            Column("MET", yes_no("(d.said ->> 'met')::boolean"), "boolean", _("It holds; empty: open"), YES),
            Column("BASIS", "d.said ->> 'reason'", "code", _("What it was judged by"), _bases()),
            Column("EVIDENCE", _shown_pairs(), label=_("Answers that were read, as JSON")),
            Column(
                "ANSWER",
                "d.said ->> 'answer'",
                label=_("What the investigator said where the history could not tell"),
                tells=Tells.WORDS,
            ),
        ),
        f"{rows} d {of_participant(cut, 'd')} {AT_SITES}",
        "p.number, d.decided_at, d.id, d.place",
        counted(cut, rows, "true"),
        keys=RowKeys("d"),
    )


def _shown_pairs() -> str:
    """Return the SQL of the answers that a criterion was judged by, without those that could say who somebody is."""
    names = ", ".join(f"'{name}'" for name in sorted(_identifying()))
    return (
        "(SELECT jsonb_agg(pair ORDER BY place)::text FROM jsonb_array_elements(d.said -> 'evidence') "  # noqa: S608
        f"WITH ORDINALITY e (pair, place) WHERE pair ->> 0 NOT IN ({names}))"
    )


def _identifying() -> set[str]:
    """Return the names that evidence has for identifying answers: of eligibility bare, of other forms with a prefix."""
    return {
        f"{prefix}.{question.name}".removeprefix(".")
        for prefix, code in SOURCES.items()
        for question in catalogue.form(code).questions.values()
        if question.classification == Classification.IDENTIFYING
    }


def _criteria() -> dict[str, str]:
    chinese = in_chinese()
    return {
        each.code: each.wording.zh if chinese else each.wording.en
        for version in versions()
        for each in load(version).criteria
    }


def _bases() -> dict[str, str]:
    return {each.value: each.value for each in CriterionReason}


def allocations_file(cut: Cut) -> File:
    """Every allocation: strata as randomized and as corrected, number, decision, and the consent it rested on."""
    rows = cut.rows(Allocation)
    consent = (
        "LEFT JOIN LATERAL (SELECT x.label, c.signed_on "  # noqa: S608
        f"FROM {cut.rows_where(Consent, 'e.participant_id = al.participant_id')} c "
        f"JOIN {cut.rows(ConsentVersion)} x ON x.id = c.version_id "
        "WHERE c.signed_on <= (al.randomized_at AT TIME ZONE s.time_zone)::date "
        "ORDER BY c.signed_on DESC, c.id DESC LIMIT 1) i ON true"
    )
    followed = (
        "(SELECT e.protocol_version FROM trials_participantevent e WHERE e.pgh_obj_id = al.participant_id "  # noqa: S608
        f"AND e.act_id <= d.act_id AND {cut.saw('e.act_id')} ORDER BY e.pgh_id DESC LIMIT 1)"
    )
    return File(
        "ALLOCATIONS",
        (
            *PARTICIPANT_KEYS,
            Column("NUMBER", "al.number", label=_("randomization number"), tells=Tells.COURSE),
            Column("ARM", "al.arm", "code", _("Arm, once allocated"), ARMS, tells=Tells.ARM),
            *STRATA,
            Column("STRATUM", "al.stratum", label=_("stratum as randomized")),
            Column("PLACE", "al.sequence", "integer", _("Place in the stratum"), tells=Tells.COURSE),
            Column("RANDOMIZED_AT", by_the_sites_clock("al.randomized_at"), "date-time", _("randomized at")),
            Column("RANDOMIZED_BY", "u.username", label=_("user name")),
            Column("REVEALED_AT", by_the_sites_clock("al.revealed_at"), "date-time", _("arm revealed at")),
            DECISION,
            Column("CONSENT_VERSION", "i.label", label=_("Consent signed last before it")),
            Column("CONSENTED_ON", "i.signed_on", "date", _("signed on")),
            Column("PROTOCOL_VERSION", followed, label=_("Version of the protocol followed then")),
            digest_column(followed),
        ),
        f"{rows} al {of_participant(cut, 'al')} JOIN {cut.rows(EligibilityDecision)} d ON d.id = al.decision_id "
        f"{joined_strata(cut, of_allocation=True)} LEFT JOIN {cut.rows(User)} u ON u.id = al.randomized_by_id "
        f"{consent} {AT_SITES}",
        "p.number",
        counted(cut, rows, "true"),
        keys=RowKeys("al"),
    )


def allocation_errors_file(cut: Cut) -> File:
    """Mistakes about allocations, which are marked and never undone (requirement 30)."""
    return file_of_participants(
        cut,
        "ALLOCATION_ERRORS",
        AllocationError,
        "em",
        (
            Column(
                "KIND", "em.kind", "code", _("what happened"), dict(ErrorKind.choices), tells=Tells.COURSE
            ),
            Column("FOUND_ON", "em.found_on", "date", _("found on")),
            Column("DETAIL", "em.detail", label=_("how it happened"), tells=Tells.WORDS),
            Column("ACTION", "em.action", label=_("what was done"), tells=Tells.WORDS),
            Column(
                "STRAT_STAGE_MARKED", "em.strat_stage_true", "code", _("true clinical stage group"), _groups()
            ),
            Column("RECORDED_AT", by_the_sites_clock("em.recorded_at"), "date-time", _("recorded at")),
            Column("RECORDED_BY", "u.username", label=_("user name")),
            Column("WITHDRAWN_AT", by_the_sites_clock("em.withdrawn_at"), "date-time", _("withdrawn at")),
        ),
        "p.number, em.recorded_at, em.id",
        join=f"LEFT JOIN {cut.rows(User)} u ON u.id = em.recorded_by_id",
    )


def _groups() -> dict[str, str]:
    return dict(next(column.codes for column in STRATA if column.header == "STRAT_STAGE_MARKED"))
