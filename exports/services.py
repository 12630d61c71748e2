"""Exports are asked for, written and handed out; tokens and calendar addresses are ended. Each is an act."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import refuse_wrong_password
from audit.acts import open_act, record_act
from audit.secret_digests import secrets_digest
from crf import catalogue
from crf.engine.declaration import FormDeclaration
from exports.access import LivingAccess
from exports.cuts import Cut
from exports.formats.kinds import DataFormat
from exports.models import ApiToken, Export, ExportState
from exports.tokens import PREFIX, digest_of
from exports.writing import AboutExport, write_zip
from followup.services import end_feed
from kernel.clock import with_offset
from kernel.errors import Refusal
from kernel.snapshot import one_snapshot
from kernel.tasks import send
from trials.models import Site

LONGEST_PURPOSE = 200
LONGEST_TOKEN = timedelta(days=367)  # a year, and the day that it ends on


class NothingChosen(Refusal):
    code = "exports.nothing_chosen"
    message = _("Choose at least one form and one site.")
    status = 422


class UnknownForm(Refusal):
    code = "exports.unknown_form"
    message = _("There is no form {code}.")
    status = 400


class UnknownSite(Refusal):
    code = "exports.unknown_site"
    message = _("There is no site {code} whose data you may take.")
    status = 400


class UnknownLanguage(Refusal):
    code = "exports.unknown_language"
    message = _("There are no labels in the language “{code}”. Choose one of {known}.")
    status = 400


class UnknownFormat(Refusal):
    code = "exports.unknown_format"
    message = _("No export is written as “{code}”. Choose one of {known}.")
    status = 400


class ReadingWithoutPurpose(Refusal):
    code = "exports.reading_without_purpose"
    message = _(
        "Answers of many participants are read for a purpose, which is kept in the audit trail. Say it in “purpose”, "
        "or name one participant in “participant”."
    )
    status = 400


class PurposeMissing(Refusal):
    code = "exports.purpose_missing"
    fields = ("purpose",)
    message = _("Say what the export is for: the purpose is kept in the register of exports.")
    status = 422


class PurposeTooLong(Refusal):
    code = "exports.purpose_too_long"
    fields = ("purpose",)
    message = _("The purpose has {number} characters; the register keeps {most}. Say it in fewer words.")
    status = 422


class CutInFuture(Refusal):
    code = "exports.cut_in_future"
    fields = ("cut_at",)
    message = _(
        "The moment {cut} has not come yet. Choose one in the past, or leave it empty to export what stands now."
    )
    status = 422


class ExportNotReady(Refusal):
    code = "exports.export_not_ready"
    message = _("This export is “{state}”. There is no file to download.")


class FileChanged(Refusal):
    code = "exports.file_changed"
    message = _("The file is not the one that was written: its digest differs. Take the export again.")


class RightNotHeld(Refusal):
    code = "exports.right_not_held"
    fields = ("scopes",)
    message = _("You cannot give a token the right “{right}”: you do not hold it yourself.")
    status = 422


class LastsTooLong(Refusal):
    code = "exports.lasts_too_long"
    fields = ("expires_on",)
    message = _("A token lasts a year at most. Choose an earlier day.")
    status = 422


def request_export(
    *,
    forms: list[str],
    sites: list[str],
    purpose: str,
    cut_at: datetime | None = None,
    language: str = "en",
    data_format: str = DataFormat.CSV.value,
    by: User,
    at: datetime,
) -> Export:
    """The export is on the register and will be written by the worker (requirements 21).

    Refuses: no purpose, or a long one; a language, format, form or site that does not exist; a moment that is still to
    come.
    """
    with open_act("exports:export:request", by=by, at=at) as act:
        refuse_odd_purpose(purpose)
        if language not in dict(settings.LANGUAGES):
            raise UnknownLanguage(code=language, known=", ".join(dict(settings.LANGUAGES)))
        if data_format not in DataFormat.values:
            raise UnknownFormat(code=data_format, known=", ".join(DataFormat.values))
        _refuse_odd_scope(forms, sites, cut_at, at)
        export = Export.objects.create(
            requested_by=by,
            requested_at=at,
            purpose=purpose,
            cut_at=cut_at,
            forms=[code for code in catalogue.forms() if code in forms],
            site_codes=sorted(sites),
            language=language,
            data_format=data_format,
            act=act,
        )
        send("exports:write", export.pk)
    return export


def refuse_odd_purpose(purpose: str) -> None:
    """Refuse to take data out without a purpose, or with one that the register cannot keep."""
    if not purpose.strip():
        raise PurposeMissing
    _refuse_long_purpose(purpose)


def _refuse_long_purpose(purpose: str) -> None:
    if len(purpose) > LONGEST_PURPOSE:
        raise PurposeTooLong(number=len(purpose), most=LONGEST_PURPOSE)


def record_reading(*, form: FormDeclaration, purpose: str, by: User, at: datetime) -> None:
    """It is on record that a program read a page of the answers of many participants, of which form and what for.

    Refuses: a reading without a purpose, or with one that is too long.
    """
    if not purpose.strip():
        raise ReadingWithoutPurpose
    _refuse_long_purpose(purpose)
    record_act("exports:answers:read", by=by, at=at, reason=f"{form.code}: {purpose}")


def _refuse_odd_scope(forms: list[str], sites: list[str], cut_at: datetime | None, at: datetime) -> None:
    known = set(Site.objects.filter(code__in=sites).values_list("code", flat=True))
    if not forms or not sites:
        raise NothingChosen
    for code in sites:
        if code not in known:
            raise UnknownSite(code=code)
    for code in forms:
        if code not in catalogue.forms():
            raise UnknownForm(code=code)
    if cut_at is not None and cut_at > at:
        raise CutInFuture(cut=_local(cut_at))


def path_of(export: Export) -> Path:
    """Return where the export's file is kept."""
    return Path(settings.MEDIA_ROOT) / export.file_name


def write_export(*, export: Export, at: datetime) -> Export:
    """The export is written in one snapshot of the database and on record as done; done twice, it is as once.

    Locks: the export; where somebody else holds it, nothing happens.
    """
    with one_snapshot():
        locked = Export.objects.select_for_update(skip_locked=True).filter(pk=export.pk).first()
        if locked is None or locked.state == ExportState.DONE:
            return export
        cut = _cut_of(locked)
        locked.cut_at, locked.snapshot = cut.at, cut.snapshot or None
        about: AboutExport = {
            "export": locked.pk,
            "requested_by": locked.requested_by.username,
            "requested_at": _local(locked.requested_at),
            "purpose": locked.purpose,
            "data_as_of": _local(cut.at),
            "read_by": "snapshot" if cut.snapshot else "moment of storing",
            "format": locked.data_format or DataFormat.CSV.value,
            "forms": locked.forms,
            "sites": locked.site_codes,
        }
        with override(locked.language):
            manifest = write_zip(
                path_of(locked), forms=locked.forms, sites=locked.site_codes, cut=cut, about=about
            )
        with open_act("exports:export:write", by=None, at=at) as act:
            locked.manifest, locked.state, locked.finished_at, locked.act = (
                manifest,
                ExportState.DONE,
                at,
                act,
            )
            locked.digest = _digest(path_of(locked))
            locked.rows = sum(file["written"] for file in manifest["files"])
            locked.save(
                update_fields=[
                    *("cut_at", "snapshot", "manifest", "state", "finished_at", "digest", "rows", "act")
                ]
            )
        send("audit:anchor", "export", may_fail=True)
    return locked


def _cut_of(export: Export) -> Cut:
    """Return the moment that the export shows: the one asked for, else that of the snapshot being read.

    A moment that another export read is read again as that one saw it, transactions open at the time left out.
    """
    if export.cut_at is None:
        return Cut.of_this_snapshot()
    earlier = Export.objects.filter(cut_at=export.cut_at, snapshot__isnull=False).first()
    return Cut(at=export.cut_at, snapshot=(earlier.snapshot if earlier else None) or "")


def _local(at: datetime) -> str:
    return with_offset(at, settings.TRIAL_TIME_ZONE)


def fail_export(*, export: Export, at: datetime, why: str) -> None:
    """The export is on record as failed, with the reason; no file is kept."""
    with open_act("exports:export:fail", by=None, at=at, reason=why) as act:
        Export.objects.filter(pk=export.pk).update(state=ExportState.FAILED, finished_at=at, act=act)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hand_out(*, export: Export, by: User, at: datetime) -> Path:
    """The file may be read now; that it was handed out is on record.

    Refuses: an export that is not done; a file that is no longer as it was written.
    """
    with open_act("exports:export:download", by=by, at=at):
        if export.state != ExportState.DONE or not path_of(export).exists():
            raise ExportNotReady(state=export.get_state_display())
        if _digest(path_of(export)) != export.digest:
            raise FileChanged
    return path_of(export)


def make_token(
    *, name: str, scopes: list[Permission], expires_at: datetime, password: str, by: User, at: datetime
) -> tuple[ApiToken, str]:
    """A token of ``by`` exists with some of their own rights; the secret is returned once and kept nowhere.

    Refuses: a password that does not match; rights that are not held; more than a year.
    """
    with open_act("exports:token:make", by=by, at=at) as act:
        refuse_wrong_password(by=by, password=password, at=at)
        for right in scopes:
            if not by.may(right):
                raise RightNotHeld(right=right)
        if not at < expires_at <= at + LONGEST_TOKEN:
            raise LastsTooLong
        secret = PREFIX + secrets.token_urlsafe(32)
        digest = digest_of(secret)
        token = ApiToken.objects.create(
            user=by,
            name=name,
            digest=digest,
            secrets_digest=secrets_digest(ApiToken, {"user_id": by.pk, "name": name, "digest": digest}),
            scopes=sorted(scopes),
            created_at=at,
            expires_at=expires_at,
            act=act,
        )
    return token, secret


def revoke_token(*, token: ApiToken, by: User, at: datetime) -> ApiToken:
    """The token opens nothing any more.

    Locks: the token.
    """
    with open_act("exports:token:revoke", by=by, at=at) as act:
        locked = ApiToken.objects.select_for_update().get(pk=token.pk, user=by)
        if locked.revoked_at is None:
            locked.revoked_at, locked.act = at, act
            locked.save(update_fields=["revoked_at", "act"])
    return locked


def end_token(*, token: ApiToken, reason: str, by: User, at: datetime) -> None:
    """The token of somebody opens nothing any more: an administrator revoked it, and the act says why.

    Locks: the token.
    """
    with open_act("exports:token:end", by=by, at=at, reason=reason) as act:
        locked = ApiToken.objects.select_for_update().get(pk=token.pk)
        if locked.revoked_at is None:
            locked.revoked_at, locked.act = at, act
            locked.save(update_fields=["revoked_at", "act"])


def end_access(*, access: LivingAccess, reason: str, by: User, at: datetime) -> None:
    """The token or calendar address of somebody opens nothing any more.

    Locks: the token or the feed.
    """
    if isinstance(access.row, ApiToken):
        end_token(token=access.row, reason=reason, by=by, at=at)
    else:
        end_feed(feed=access.row, reason=reason, by=by, at=at)
