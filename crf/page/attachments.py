"""The files beside a record, as the page of its form lists them, and what is typed to attach, keep or remove one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf.attachments.content import attachments_open_to, may_open
from crf.attachments.refusals import HINTS
from crf.attachments.services import LONGEST_REASON, SentFile
from crf.models import Attachment, AttachmentKind, AttachmentUpload
from crf.page.editor import RecordEditor, address
from crf.page.way import with_query
from crf.store.records import RecordKey
from kernel.fields import WordsField
from kernel.row_keys import row_key
from kernel.service_form import ServiceForm


@dataclass(frozen=True)
class AttachedFile:
    """One file of a record; ``name`` is empty for who may not have one that stands no longer."""

    row: Attachment
    name: str
    href: str
    replace: str
    remove: str
    hints: tuple[str | Promise, ...]


@dataclass(frozen=True)
class AttachedFiles:
    """The files of one record, those that stand first, and the form by which another is attached."""

    lines: tuple[AttachedFile, ...]
    attach: str
    form: AttachForm | None
    all: str


class AttachForm(ServiceForm):
    """A file that comes to a record, or in the place of another one (``replaces``)."""

    kind = forms.ChoiceField(label=_("Kind of document"), choices=[("", "—"), *AttachmentKind.choices])
    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )
    reason = WordsField(label=_("Why it is replaced"), required=False, max_length=LONGEST_REASON)
    looked = forms.BooleanField(
        label=_(
            "I have looked at every page: no name, no number of a hospital record or identity card, no telephone, no "
            "address and no face can be seen."
        ),
        error_messages={"required": _("Look at every page, and tick that you did.")},
    )

    def __init__(self, *args: Any, replaces: Attachment | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.replaces = replaces
        self.fields["file"].help_text = _(
            "PDF, PNG or JPEG, {megabytes} MB at most. Pictures are kept without what the camera noted."
        ).format(megabytes=settings.ATTACHMENT_MAX_BYTES // (1024 * 1024))
        if replaces is None:
            del self.fields["reason"]
        else:
            self.initial["kind"] = replaces.kind

    def arguments(self) -> dict[str, Any]:
        typed = self.cleaned_data
        file = typed["file"]
        return {
            "sent": SentFile(
                data=file.read(),
                name=file.name,
                kind=typed["kind"],
                replaces=self.replaces.pk if self.replaces else None,
                reason=typed.get("reason", ""),
            )
        }


class KeepUploadForm(ServiceForm):
    """What the sender says of a file in which something could say who the participant is."""

    name = WordsField(label=_("Name of the file"), required=False)
    reason = WordsField(
        label=_("Why it may stay as it is"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Such as: the number is that of the specimen in this trial; the scan was looked at page by page."
        ),
    )


class RemoveAttachmentForm(ServiceForm):
    """Why a file is removed."""

    reason = WordsField(label=_("Why"), required=False, widget=forms.Textarea(attrs={"rows": 3}))


class TakeFilesForm(ServiceForm):
    """What the files of a participant are taken out for."""

    purpose = WordsField(label=_("What they are taken for"), required=False, max_length=LONGEST_REASON)


def hint_words(hints: Iterable[str]) -> tuple[str | Promise, ...]:
    """Return the kinds of identifier that were seen, in words."""
    return tuple(HINTS.get(hint, hint) for hint in hints)


def attached_files(editor: RecordEditor) -> AttachedFiles | None:
    """Return what the page of the form shows of files; None for who sees none, or before the form is saved."""
    site, user = editor.record_key.participant.site_id, editor.user
    if editor.stored is None or not user.may(Permission.ATTACHMENT_VIEW, site):
        return None
    may_add = editor.editable and user.may(Permission.ATTACHMENT_ADD, site)
    rows = _rows(editor) if editor.around["attachments"] else []
    return AttachedFiles(
        lines=tuple(_line(row, editor, may_add=may_add) for row in rows),
        attach=address("attach", editor.record_key) if may_add else "",
        form=AttachForm() if may_add else None,
        all=reverse("crf:files", args=[editor.record_key.participant.number]),
    )


def _rows(editor: RecordEditor) -> list[Attachment]:
    rows = attachments_open_to(editor.user).filter(
        record_id=editor.stored.record.pk if editor.stored else None
    )
    return sorted(
        rows.select_related("attached_by", "ended_by"), key=lambda row: (row.ended_at is not None, row.pk)
    )


def _line(row: Attachment, editor: RecordEditor, *, may_add: bool) -> AttachedFile:
    opens, stands = may_open(row, editor.user), row.ended_at is None
    may_remove = editor.editable and editor.user.may(Permission.ATTACHMENT_REMOVE, row.site_id)
    return AttachedFile(
        row=row,
        name=row.name if opens else "",
        href=reverse("crf:attachment", args=[row.pk]) if opens else "",
        replace=f"{with_query(address('attach', editor.record_key))}replaces={row_key(row)}"
        if may_add and stands
        else "",
        remove=reverse("crf:remove-attachment", args=[row.pk]) if may_remove and stands else "",
        hints=hint_words(row.hints),
    )


def waiting_upload(record_key: RecordKey, pk: int, user: User) -> AttachmentUpload | None:
    """Return what a file of this person that waits says of itself, without its bytes; None when it waits no longer."""
    rows = AttachmentUpload.objects.filter(owner=user, participant=record_key.participant, pk=pk)
    return rows.defer("data").first()


def files_of_participant(user: User, participant_id: int) -> list[Attachment]:
    """Return the files of the participant that stand, for ``user``."""
    rows = attachments_open_to(user).standing().filter(participant_id=participant_id)
    return list(rows.select_related("record__visit", "attached_by"))
