"""Files about who answers for the data: signatures, verification, freezes and locks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from accounts.permissions import ROLE_LABELS
from crf.models import FieldVerification, Record, RecordSignature, SignedAs
from exports.cuts import Cut
from exports.masking import Tells
from exports.tables import (
    PARTICIPANT_KEYS,
    Column,
    File,
    RowKeys,
    by_the_sites_clock,
    by_the_trials_clock,
    file_of_participants,
)
from followup.models import Visit
from trials.models import DataLock, LockKind, LockLevel, Participant, Site

AT_SITES_OR_TRIAL = "WHERE (s.code = ANY(%(sites)s) OR s.code IS NULL)"
OF_RECORD = (
    Column("FORM", "r.form_code", "code", _("Form")),
    Column("VISIT", "v.code", "code", _("Visit")),
    Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
    Column("FORMSEQ", "r.sequence", "integer", _("Which record of the form")),
)


def role_column(sql: str) -> Column:
    """Return the column that names the role in which somebody acted, with the words of each role."""
    return Column("ROLE", sql, "code", _("role"), {role.value: word for role, word in ROLE_LABELS.items()})


def counted_of_trial(cut: Cut, rows: str) -> str:
    """Return the rows of the chosen sites, and those of the whole trial."""
    return f"{rows} t LEFT JOIN {cut.rows(Site)} s ON s.id = t.site_id {AT_SITES_OR_TRIAL}"


def _with_record(cut: Cut, alias: str) -> str:
    return f"JOIN {cut.rows(Record)} r ON r.id = {alias}.record_id LEFT JOIN {cut.rows(Visit)} v ON v.id = r.visit_id"


def signatures_file(cut: Cut) -> File:
    """Every electronic signature of the chosen sites and of the whole trial: who, when, with what meaning."""
    rows = cut.rows(Signature)
    study, site, _number = PARTICIPANT_KEYS
    return File(
        "SIGNATURES",
        (
            *(study, site),
            Column("SIGNATURE", "g.id", "integer", _("Number of the signature")),
            Column("SIGNED_BY", "u.username", label=_("user name")),
            role_column("g.role"),
            Column("SIGNED_AT", by_the_trials_clock("g.signed_at"), "date-time", _("signed at")),
            Column("MEANING", "g.meaning", label=_("meaning"), tells=Tells.WORDS),
            Column("RECORD", "g.record", label=_("What was signed"), tells=Tells.WORDS),
            Column("DIGEST", "g.digest", label=_("digest of the record")),
        ),
        f"{rows} g LEFT JOIN {cut.rows(Site)} s ON s.id = g.site_id "
        f"LEFT JOIN {cut.rows(User)} u ON u.id = g.by_id {AT_SITES_OR_TRIAL}",
        "g.id",
        counted_of_trial(cut, rows),
        keys=RowKeys("g", ""),
    )


def record_signatures_file(cut: Cut) -> File:
    """Which version of which record each signature is under, and when it fell."""
    return file_of_participants(
        cut,
        "RECORD_SIGNATURES",
        RecordSignature,
        "x",
        (
            *OF_RECORD,
            Column("RECORD_VERSION", "x.version", "integer", _("Version of the record")),
            Column("SIGNATURE", "x.signature_id", "integer", _("Number of the signature")),
            Column("SIGNED_BY", "u.username", label=_("user name")),
            Column("SIGNED_AS", "x.signed_as", "code", _("signed as"), dict(SignedAs.choices)),
            Column("SIGNED_AT", by_the_sites_clock("g.signed_at"), "date-time", _("signed at")),
            Column("FELL_AT", by_the_sites_clock("x.fell_at"), "date-time", _("fell at")),
        ),
        "p.number, x.id",
        join=(
            f"{_with_record(cut, 'x')} "
            f"JOIN {cut.rows(Signature)} g ON g.id = x.signature_id "
            f"LEFT JOIN {cut.rows(User)} u ON u.id = g.by_id"
        ),
        record="record_id",
    )


def verifications_file(cut: Cut) -> File:
    """Which answers were compared with their source, by whom; the answers stand on their forms."""
    return file_of_participants(
        cut,
        "VERIFICATIONS",
        FieldVerification,
        "x",
        (
            *OF_RECORD,
            Column("QUESTION", "x.target", label=_("Question that it is about")),
            Column("VERIFIED_AT", by_the_sites_clock("x.verified_at"), "date-time", _("verified at")),
            Column("VERIFIED_BY", "u.username", label=_("user name")),
            Column("FELL_AT", by_the_sites_clock("x.fell_at"), "date-time", _("fell at")),
        ),
        "p.number, x.id",
        join=f"{_with_record(cut, 'x')} LEFT JOIN {cut.rows(User)} u ON u.id = x.verified_by_id",
        record="record_id",
    )


def locks_file(cut: Cut) -> File:
    """Every freeze, lock and opening, over what, since when and until when; those over the study have no site."""
    rows = cut.rows(DataLock)
    return File(
        "DATA_LOCKS",
        (
            *PARTICIPANT_KEYS,
            Column("LEVEL", "x.level::text", "code", _("level"), {str(k): w for k, w in LockLevel.choices}),
            Column("VISIT", "v.code", "code", _("Visit")),
            Column("VISITSEQ", "v.occurrence", "integer", _("Which visit of this code")),
            Column("FORM", "r.form_code", "code", _("Form")),
            Column("FORMSEQ", "r.sequence", "integer", _("Which record of the form")),
            Column("KIND", "x.kind", "code", _("kind"), dict(LockKind.choices)),
            Column("BEGUN_AT", by_the_trials_clock("x.begun_at"), "date-time", _("since")),
            Column("BEGUN_BY", "u.username", label=_("user name")),
            Column("REASON", "x.reason", label=_("reason"), tells=Tells.WORDS),
            Column("ENDED_AT", by_the_trials_clock("x.ended_at"), "date-time", _("until")),
            Column("ENDED_BY", "w.username", label=_("user name")),
            Column("END_REASON", "x.end_reason", label=_("why it ended"), tells=Tells.WORDS),
        ),
        f"{rows} x LEFT JOIN {cut.rows(Site)} s ON s.id = x.site_id "
        f"LEFT JOIN {cut.rows(Participant)} p ON p.id = x.participant_id "
        f"LEFT JOIN {cut.rows(Record)} r ON r.id = x.record_number "
        f"LEFT JOIN {cut.rows(Visit)} v ON v.id = coalesce(x.visit_number, r.visit_id) "
        f"LEFT JOIN {cut.rows(User)} u ON u.id = x.begun_by_id LEFT JOIN {cut.rows(User)} w ON w.id = x.ended_by_id "
        f"{AT_SITES_OR_TRIAL}",
        "x.begun_at, x.id",
        counted_of_trial(cut, rows),
        keys=RowKeys("x"),
    )
