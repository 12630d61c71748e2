"""Files about the system: exports taken, accounts by date, and what was done to the installation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from exports.cuts import Cut
from exports.formats.kinds import DataFormat
from exports.listed.trial import OF_NOBODY, STUDY_KEY
from exports.models import Export, ExportDownload, ExportState
from exports.tables import YES, Column, File, RowKeys, by_the_trials_clock, yes_no
from trials.models import Delegation, Site

# Its model stands above this package; a record is written with its act and never changes.
OPERATIONS = "operations_operationrecord"
KINDS = {
    "qualification": _("Qualification"),
    "backup": _("Backup"),
    "restore": _("Restore"),
    "restore_drill": _("Restore drill"),
    "set_up": _("Step of the set-up"),
    "upgrade": _("Upgrade"),
}
NO_SITE = "CROSS JOIN (SELECT NULL::text AS time_zone) s"  # for the clock of the trial
OF_SITES = "{row}.site_codes::text[] && %(sites)s::text[]"
NUMBER = Column("EXPORT", "x.id", "integer", _("Number of the export"))


def exports_file(cut: Cut) -> File:
    """Every export that holds data of the chosen sites: who asked for it, what for, what it holds, its digest."""
    from exports.selected.selection import ArmShown  # which reads the list that this file stands in

    rows = cut.rows(Export)
    told = "coalesce(x.selection->>'{said}', '')"
    return File(
        "EXPORTS",
        (
            *(STUDY_KEY, NUMBER),
            Column("REQUESTED_BY", "u.username", label=_("requested by")),
            Column("REQUESTED_AT", by_the_trials_clock("x.requested_at"), "date-time", _("requested at")),
            Column("PURPOSE", "x.purpose", label=_("purpose")),
            Column("FORMAT", "x.data_format", "code", _("format"), dict(DataFormat.choices)),
            Column("SITES", "array_to_string(x.site_codes, ' ')", label=_("sites")),
            Column("FORMS", "array_to_string(x.forms, ' ')", label=_("forms")),
            Column(
                "ARM_SHOWN",
                told.format(said="arm"),
                "code",
                _("How it tells the arm"),
                dict(ArmShown.choices),
            ),
            Column(
                "IDENTIFYING",
                "CASE x.selection->>'identifying' WHEN 'true' THEN 'Y' ELSE 'N' END",
                "boolean",
                _("With answers that could say who somebody is"),
                YES,
            ),
            Column("DATA_AS_OF", by_the_trials_clock("x.cut_at"), "date-time", _("data as of")),
            Column("STATE", "x.state", "code", _("state"), dict(ExportState.choices)),
            Column("FINISHED_AT", by_the_trials_clock("x.finished_at"), "date-time", _("finished at")),
            Column("ROWS", "x.rows", "integer", _("rows")),
            Column("DIGEST", "x.digest", label=_("digest of the file")),
            Column("BASIS", "x.basis_id", "integer", _("basis for leaving the country")),
            Column("DELETED_AT", by_the_trials_clock("x.deleted_at"), "date-time", _("file deleted at")),
        ),
        f"{rows} x LEFT JOIN {cut.rows(User)} u ON u.id = x.requested_by_id {NO_SITE} "
        f"WHERE {OF_SITES.format(row='x')}",
        "x.id",
        f"{rows} t WHERE {OF_SITES.format(row='t')}",
        keys=RowKeys("x", OF_NOBODY),
    )


def downloads_file(cut: Cut) -> File:
    """Each time that the file of such an export was handed out, and to whom."""
    rows, exports = cut.rows(ExportDownload), cut.rows(Export)
    return File(
        "EXPORT_DOWNLOADS",
        (
            *(STUDY_KEY, NUMBER),
            Column("DOWNLOAD", "d.id", "integer", _("Number of the download")),
            Column("DOWNLOADED_BY", "u.username", label=_("user name")),
            Column("DOWNLOADED_AT", by_the_trials_clock("d.at"), "date-time", _("downloaded at")),
            Column("FIRST_BYTE", "d.first_byte", "integer", _("First byte; more than 0: it was resumed")),
        ),
        f"{rows} d JOIN {exports} x ON x.id = d.export_id LEFT JOIN {cut.rows(User)} u ON u.id = d.by_id {NO_SITE} "
        f"WHERE {OF_SITES.format(row='x')}",
        "d.id",
        f"{rows} t JOIN {exports} x ON x.id = t.export_id WHERE {OF_SITES.format(row='x')}",
        keys=RowKeys("d", OF_NOBODY),
    )


def accounts_file(cut: Cut) -> File:
    """Since when an account could sign in, and since when not; which role it had when stands in DELEGATIONS."""
    turns = cut.turns(User, "is_active")
    named = (
        f"EXISTS (SELECT FROM {cut.rows(Delegation)} g LEFT JOIN {cut.rows(Site)} o ON o.id = g.site_id "
        "WHERE g.user_id = {row}.id AND (o.code IS NULL OR o.code = ANY(%(sites)s)))"
    )
    return File(
        "ACCOUNTS",
        (
            STUDY_KEY,
            Column("PERSON", "h.username", label=_("user name")),
            Column("SINCE", by_the_trials_clock("a.at"), "date-time", _("In force since")),
            Column("MAY_SIGN_IN", yes_no("h.is_active"), "boolean", _("may sign in"), YES),
            Column("BY", "u.username", label=_("user name; empty: the system")),
            Column("REASON", "a.reason", label=_("reason")),
            Column("ACT", "a.id", "integer", _("Number of the act")),
        ),
        f"{turns} h JOIN audit_act a ON a.id = h.act_id LEFT JOIN {cut.rows(User)} u ON u.id = a.by_id {NO_SITE} "
        f"WHERE {named.format(row='h')}",
        "h.pgh_id",
        f"{turns} t WHERE {named.format(row='t')}",
        keys=RowKeys("h", OF_NOBODY),
    )


def life_cycle_file(cut: Cut) -> File:
    """What was done to the installation, with results: set-up, qualification, upgrades, backups, restores, drills."""
    seen = f"(SELECT o.* FROM {OPERATIONS} o WHERE {cut.saw('o.act_id')})"  # noqa: S608 (declared)
    return File(
        "LIFE_CYCLE",
        (
            STUDY_KEY,
            Column("OPERATION", "x.id", "integer", pgettext_lazy("installation", "Number of the operation")),
            Column("KIND", "x.kind", "code", pgettext_lazy("installation", "What was done"), KINDS),
            Column("STARTED_AT", by_the_trials_clock("x.started_at"), "date-time", _("started")),
            Column("ENDED_AT", by_the_trials_clock("x.ended_at"), "date-time", _("ended")),
            Column("PASSED", yes_no("x.passed"), "boolean", _("passed"), YES),
            Column("FINDINGS", "x.findings::text", label=_("What was looked at and seen, as JSON")),
            Column("DIGEST", "x.digest", label=_("digest of the file")),
            Column("BYTES", "x.size", "integer", _("bytes")),
            Column("BY", "u.username", label=_("user name; empty: the system")),
            Column("ACT", "x.act_id", "integer", _("Number of the act")),
        ),
        f"{seen} x JOIN audit_act a ON a.id = x.act_id LEFT JOIN {cut.rows(User)} u ON u.id = a.by_id {NO_SITE} "
        "WHERE true",
        "x.id",
        f"{seen} t WHERE true",
        keys=RowKeys("x", OF_NOBODY),
    )
