"""Files beside a record: attached, answered for, handed out, replaced, removed, and taken out as a whole."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.attachments.archive import archive_of
from crf.attachments.content import attachments_open_to, may_open, open_content
from crf.attachments.services import (
    attach_file,
    attachment_sent_under,
    confirm_upload,
    remove_attachment,
    take_attachments,
    take_back,
)
from crf.models import Attachment, AttachmentUpload
from crf.page.attachments import (
    AttachForm,
    KeepUploadForm,
    RemoveAttachmentForm,
    TakeFilesForm,
    files_of_participant,
    hint_words,
    waiting_upload,
)
from crf.page.editor import address, open_participant, open_record
from crf.store.records import RecordKey, form_named, key_of_record
from crf.views.rights import ENTERING
from kernel.errors import Forbidden
from kernel.once import FIELD, PAGE_KEY, new_key, once_for_each_page
from kernel.row_keys import row_of
from kernel.uploads import takes_files


@takes_files
@requires(Permission.ATTACHMENT_ADD)
def attach(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Attach a file to the record, or put it in the place of another one."""
    record_key = open_record(request, number, code, sequence, form_named(code).entered_by)
    _refuse_without(request, record_key, Permission.ATTACHMENT_ADD)
    key = _key(request)
    if known := attachment_sent_under(key=key, by=request.user):
        return _lead_on(request, record_key, known)
    form = AttachForm(request.POST or None, request.FILES or None, replaces=_replaced(request, record_key))
    if form.submits(attach_file, record_key=record_key, key=key, by=request.user, at=timezone.now()):
        return _lead_on(request, record_key, form.result)
    shown = {"form": form, "record_key": record_key, "back": address("form", record_key)}
    return render(request, "crf/attach.html", shown, status=form.status)


def _refuse_without(request: PersonRequest, record_key: RecordKey, permission: Permission) -> None:
    if not request.user.may(permission, record_key.participant.site_id):
        raise Forbidden


def _key(request: PersonRequest) -> str:
    """Return the key of the page that was sent; a page without one is a page of its own."""
    sent = request.POST.get(FIELD, "")
    return sent if PAGE_KEY.fullmatch(sent) else new_key()


def _replaced(request: PersonRequest, record_key: RecordKey) -> Attachment | None:
    """Return the file that the address names to be replaced; 404 when it is none of this record."""
    if not (named := request.GET.get("replaces", "")):
        return None
    rows = attachments_open_to(request.user).filter(
        participant_id=record_key.participant.pk, record__form_code=record_key.form.code
    )
    row: Attachment = get_object_or_404(rows, pk=row_of("attachment", named))
    return row


def _lead_on(
    request: PersonRequest, record_key: RecordKey, result: Attachment | AttachmentUpload
) -> HttpResponse:
    """Lead to the record where the file stands, or to the question that it waits for."""
    if isinstance(result, AttachmentUpload):
        return redirect(address("upload", record_key, result.pk))
    messages.success(request, _("The file stands at the record."))
    return redirect(f"{address('form', record_key)}#files")


@requires(*ENTERING)
def upload(request: PersonRequest, number: str, code: str, sequence: int, pk: int) -> HttpResponse:
    """Ask about a file in which something could say who the participant is; attach it with a reason."""
    record_key = open_record(request, number, code, sequence, form_named(code).entered_by)
    _refuse_without(request, record_key, Permission.ATTACHMENT_ADD)
    row = waiting_upload(record_key, pk, request.user)
    form = KeepUploadForm(request.POST or None, initial={"name": row.name if row else ""})
    if form.submits(confirm_upload, record_key=record_key, upload=pk, by=request.user, at=timezone.now()):
        return _lead_on(request, record_key, form.result)
    if row is None:
        messages.info(request, _("The file waits no longer: it was attached, or taken back."))
        return redirect(f"{address('form', record_key)}#files")
    shown = {
        "form": form,
        "waiting": row,
        "hints": hint_words(row.said["hints"]),
        "record_key": record_key,
        "take_back": address("take-upload-back", record_key, pk),
        "back": address("form", record_key),
    }
    return render(request, "crf/attachment_question.html", shown, status=form.status)


@require_POST
@requires(*ENTERING)
@once_for_each_page
def take_upload_back(request: PersonRequest, number: str, code: str, sequence: int, pk: int) -> HttpResponse:
    """Keep nothing of a file that waits for its sender."""
    record_key = open_record(request, number, code, sequence, form_named(code).entered_by)
    take_back(record_key=record_key, upload=pk, by=request.user)
    messages.info(request, _("The file was taken back. Nothing of it is kept."))
    return redirect(f"{address('form', record_key)}#files")


@require_GET
@requires(Permission.ATTACHMENT_VIEW)
def attachment(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Hand out the bytes of a file: to be saved, never to be shown in the browser."""
    row = get_object_or_404(attachments_open_to(request.user), pk=pk)
    if not may_open(row, request.user):
        raise Forbidden
    return handed_out(row)


def handed_out(row: Attachment) -> HttpResponseBase:
    """Return the answer that holds the file."""
    return FileResponse(open_content(row), as_attachment=True, filename=row.name, content_type=row.media_type)


@requires(Permission.ATTACHMENT_REMOVE)
def remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Remove a file, with the reason; it is kept as an earlier version."""
    rows = attachments_open_to(request.user).select_related("record__visit", "record__participant__site")
    row = get_object_or_404(rows.filter(site_id__in=_sites(request)), pk=pk)
    record_key = key_of_record(form_named(row.record.form_code), row.record)
    form = RemoveAttachmentForm(request.POST or None)
    service = {"record_key": record_key, "attachment": pk, "by": request.user, "at": timezone.now()}
    if form.submits(remove_attachment, **service):
        messages.success(
            request, _("The file is removed. What it was, who removed it and why stay on record.")
        )
        return redirect(f"{address('form', record_key)}#files")
    shown = {"form": form, "row": row, "record_key": record_key, "back": address("form", record_key)}
    return render(request, "crf/remove_attachment.html", shown, status=form.status)


def _sites(request: PersonRequest) -> list[int]:
    """Return the sites where the person may remove files, which are named one by one."""
    grants = (grant for grant in request.user.grants if grant.includes(Permission.ATTACHMENT_REMOVE))
    return [grant.site_id for grant in grants if grant.site_id is not None]


@requires(Permission.ATTACHMENT_VIEW)
def files(request: PersonRequest, number: str) -> HttpResponseBase:
    """List the files of a participant; hand them out together, with a right of its own and on record."""
    participant = open_participant(request, number, Permission.ATTACHMENT_VIEW)
    may_take = request.user.may(Permission.ATTACHMENT_TAKE, participant.site_id)
    form = TakeFilesForm(request.POST or None)
    if request.method == "POST" and not may_take:
        raise Forbidden
    if form.submits(take_attachments, participant=participant, by=request.user, at=timezone.now()):
        return FileResponse(
            archive_of(form.result),
            as_attachment=True,
            filename=f"PALACE-3_{participant.number}_files.zip",
        )
    rows = files_of_participant(request.user, participant.pk)
    shown = {"participant": participant, "rows": rows, "form": form if may_take else None}
    return render(request, "crf/files.html", shown, status=form.status)
