"""Files about the trial itself: sites, their versions and papers, delegations, confirmed values of the protocol."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from exports.cuts import Cut
from exports.listed.oversight import AT_SITES_OR_TRIAL, counted_of_trial, role_column
from exports.tables import (
    AT_SITES,
    PARTICIPANT_KEYS,
    YES,
    Column,
    File,
    RowKeys,
    by_the_sites_clock,
    by_the_trials_clock,
    counted,
    digest_column,
    yes_no,
)
from trials.models import ChecklistItem, Confirmation, ConsentVersion, Delegation, Site, SiteVersion
from trials.models.sites import ChecklistKind, SiteState

STUDY_KEY, SITE_KEY, _SUBJECT_KEY = PARTICIPANT_KEYS
OF_NOBODY = ""


def sites_file(cut: Cut) -> File:
    rows = cut.rows(Site)
    return File(
        "SITES",
        (
            *(STUDY_KEY, SITE_KEY),
            Column("NAME", "s.name", label=_("name")),
            Column("NAME_ZH", "s.name_zh", label=_("name in Chinese")),
            Column("CITY", "s.city", label=_("city")),
            Column("CITY_ZH", "s.city_zh", label=_("city in Chinese")),
            Column("TIME_ZONE", "s.time_zone", label=_("time zone")),
            Column("STATE", "s.state", "code", _("state"), dict(SiteState.choices)),
            Column("PLANNED", "s.planned_participants", "integer", _("planned participants")),
            Column("PROTOCOL_VERSION", "s.protocol_version", label=_("protocol version in force")),
            digest_column("s.protocol_version"),
        ),
        f"{rows} s {AT_SITES}",
        "s.code",
        f"{rows} t JOIN {rows} s ON s.id = t.id {AT_SITES}",
        keys=RowKeys("s", OF_NOBODY),
    )


def checklist_file(cut: Cut) -> File:
    """What sites had in place, since when and until when."""
    rows = cut.rows(ChecklistItem)
    return File(
        "SITE_CHECKLIST",
        (
            *(STUDY_KEY, SITE_KEY),
            Column("ITEM", "x.kind", "code", _("item"), dict(ChecklistKind.choices)),
            Column("DONE_ON", "x.done_on", "date", _("done on")),
            Column("EXPIRES_ON", "x.expires_on", "date", _("expires on")),
            Column("REFERENCE", "x.reference", label=_("reference")),
        ),
        f"{rows} x JOIN {cut.rows(Site)} s ON s.id = x.site_id {AT_SITES}",
        "s.code, x.kind, x.id",
        counted(cut, rows, "true"),
        keys=RowKeys("x", OF_NOBODY),
    )


def site_versions_file(cut: Cut) -> File:
    """Later versions of the protocol at each site: approved, opened, carried to everybody."""
    rows = cut.rows(SiteVersion)
    return File(
        "SITE_VERSIONS",
        (
            *(STUDY_KEY, SITE_KEY),
            Column("PROTOCOL_VERSION", "x.version", label=_("protocol version")),
            digest_column("x.version"),
            Column("APPROVED_ON", "x.approved_on", "date", _("approved by the ethics committee on")),
            Column("REFERENCE", "x.reference", label=_("reference")),
            Column("LETTER_ON", "x.letter_on", "date", _("date of the letter")),
            Column("CONSENT_VERSION", "c.label", label=_("new consent")),
            Column("OPENED_ON", "x.opened_on", "date", _("in force since")),
            Column(
                "CARRIED_AT",
                by_the_sites_clock("x.carried_at"),
                "date-time",
                _("everybody follows it since"),
            ),
        ),
        f"{rows} x JOIN {cut.rows(Site)} s ON s.id = x.site_id "
        f"LEFT JOIN {cut.rows(ConsentVersion)} c ON c.id = x.consent_id {AT_SITES}",
        "s.code, x.approved_on, x.id",
        counted(cut, rows, "true"),
        keys=RowKeys("x", OF_NOBODY),
    )


def consent_texts_file(cut: Cut) -> File:
    rows = cut.rows(ConsentVersion)
    return File(
        "CONSENT_TEXTS",
        (
            *(STUDY_KEY, SITE_KEY),
            Column("CONSENT_VERSION", "x.label", label=_("consent version")),
            Column("APPROVED_ON", "x.approved_on", "date", _("approved on")),
            Column("ENDED_ON", "x.ended_on", "date", _("replaced on")),
        ),
        f"{rows} x JOIN {cut.rows(Site)} s ON s.id = x.site_id {AT_SITES}",
        "s.code, x.approved_on, x.id",
        counted(cut, rows, "true"),
        keys=RowKeys("x", OF_NOBODY),
    )


def delegations_file(cut: Cut) -> File:
    """Who held which role at which site, or for the whole trial, from when until when (ICH E6(R3) 4.2.2)."""
    rows = cut.rows(Delegation)
    return File(
        "DELEGATIONS",
        (
            *(STUDY_KEY, SITE_KEY),
            Column("PERSON", "u.username", label=_("user name")),
            role_column("x.role"),
            Column("STARTS_ON", "x.starts_on", "date", _("from")),
            Column("ENDS_ON", "x.ends_on", "date", _("Last day in force")),
            Column("GRANTED_BY", "w.username", label=_("Delegated by")),
            Column(
                "WAITS", yes_no("x.waits_for_confirmation"), "boolean", _("waits for a second person"), YES
            ),
            Column("CONFIRMED_BY", "y.username", label=_("confirmed by")),
            Column("CONFIRMED_AT", by_the_trials_clock("x.confirmed_at"), "date-time", _("confirmed at")),
            Column("SIGNATURE", "x.signature_id", "integer", _("Number of the signature")),
            Column("ENDED_AT", by_the_trials_clock("x.ended_at"), "date-time", _("ended at once at")),
        ),
        f"{rows} x LEFT JOIN {cut.rows(Site)} s ON s.id = x.site_id "
        f"LEFT JOIN {cut.rows(User)} u ON u.id = x.user_id LEFT JOIN {cut.rows(User)} w ON w.id = x.granted_by_id "
        f"LEFT JOIN {cut.rows(User)} y ON y.id = x.confirmed_by_id {AT_SITES_OR_TRIAL}",
        "s.code NULLS FIRST, x.starts_on, x.id",
        counted_of_trial(cut, rows),
        keys=RowKeys("x", OF_NOBODY),
    )


def confirmations_file(cut: Cut) -> File:
    """Values of the protocol's text that the study team confirmed with a signature, as they were shown."""
    rows = cut.rows(Confirmation)
    nobodys = "(SELECT NULL::text AS time_zone)"
    return File(
        "PROTOCOL_CONFIRMATIONS",
        (
            STUDY_KEY,
            Column("ITEM", "x.item", label=_("value")),
            Column("PROTOCOL_VERSION", "x.version", label=_("protocol version")),
            Column("DIGEST", "x.digest", label=_("digest of the value")),
            Column("SHOWN_EN", "x.shown_en", label=_("Value as it was shown, in English")),
            Column("SHOWN_ZH", "x.shown_zh", label=_("Value as it was shown, in Chinese")),
            Column("BASIS", "x.note", label=_("basis")),
            Column("SIGNATURE", "x.signature_id", "integer", _("Number of the signature")),
            Column("CONFIRMED_BY", "u.username", label=_("confirmed by")),
            Column("CONFIRMED_AT", by_the_trials_clock("x.confirmed_at"), "date-time", _("confirmed at")),
            Column("WITHDRAWN_AT", by_the_trials_clock("x.withdrawn_at"), "date-time", _("withdrawn at")),
            Column("WITHDRAWAL_REASON", "x.withdrawal_reason", label=_("why it was withdrawn")),
        ),
        f"{rows} x JOIN {cut.rows(Signature)} g ON g.id = x.signature_id "
        f"LEFT JOIN {cut.rows(User)} u ON u.id = g.by_id CROSS JOIN {nobodys} s WHERE true",
        "x.confirmed_at, x.id",
        f"{rows} t WHERE true",
        keys=RowKeys("x", OF_NOBODY),
    )
