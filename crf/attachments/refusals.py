"""Why a file is not taken: what is so, then what to do."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import Forbidden, Refusal


class AttachmentNotYours(Forbidden):
    code = "crf.attachment_not_yours"
    message = _("Your role does not include files at site {site}. Ask the coordinator of the site.")


class AttachmentRefused(Refusal):
    code = "crf.attachment_refused"
    fields = ("file",)
    message = _("The file is not taken: {why}")
    status = 422


class AttachmentNameUnreadable(Refusal):
    code = "crf.attachment_name_unreadable"
    fields = ("name",)
    message = _(
        "The name of the file has {limit} characters at most, with its ending, and holds no control characters. "
        "Type another name."
    )
    status = 422


class AttachmentThere(Refusal):
    code = "crf.attachment_there"
    fields = ("file",)
    message = _("This file stands at {record} already, as {name}. Nothing was attached a second time.")


class AttachmentGone(Refusal):
    code = "crf.attachment_gone"
    message = _(
        "This file was replaced or removed meanwhile. Look at the files of the record as they are now."
    )


class AttachmentReasonNeeded(Refusal):
    code = "crf.attachment_reason_needed"
    fields = ("reason", "purpose")
    message = _("Say why, in up to {limit} characters.")
    status = 422


class NoFiles(Refusal):
    code = "crf.no_files"
    message = _("Participant {participant} has no file that you may take.")


class UploadGone(Refusal):
    code = "crf.upload_gone"
    message = _(
        "This file waits no longer: it was attached, taken back, or not answered for in time. Send it again."
    )
    status = 404


WHY: Final[dict[str, Promise]] = {
    "empty": _("it is empty. Look whether it was saved completely, then send it again."),
    "large": _("it has more than {megabytes} MB. Save it smaller, or in parts."),
    "kind": _(
        "what it holds is no PDF, PNG or JPEG, whatever its name says. Save it as a PDF or a picture, then send that. "
        "DICOM and Office files are not kept here."
    ),
    "ending": _(
        "it holds {kind}, and its name ends otherwise. Give it the ending that fits, then send it again."
    ),
    "damaged": _("it cannot be read to its end. Open it, save it once more, then send that."),
    "heavy": _("reading it takes too long or too much memory. Print it to a new PDF, then send that."),
    "encrypted": _("it is protected by a password. Save it without one, then send that."),
    "active": _(
        "it holds a program or a form that acts (JavaScript). Print it to a new PDF, then send that."
    ),
    "carried": _("other files stand inside it. Take them out and send each that is needed by itself."),
    "place": _(
        "a picture in it says where it was taken. Print it to a new PDF without the details of the camera, or send the "
        "picture by itself: there they are removed."
    ),
    "pages": _("it has more than {pages} pages. Send the pages that are needed."),
    "pixels": _("the picture has more than {megapixels} million pixels. Save it smaller."),
    "frames": _("the picture is a moving one. Save the one that is needed."),
    "text": _("it holds more text than a report. Send the pages that are needed."),
}

HINTS: Final[dict[str, Promise]] = {
    "id_card": _("a number of an identity card"),
    "telephone": _("a telephone number"),
    "hospital_number": _("a long number, such as that of a hospital record, a specimen or an examination"),
    "mail": _("a mail address"),
    "name": _("a name"),
    "address": _("an address, or the label of a hospital number"),
    "birth": _("a date of birth"),
    "author": _("who wrote the file, in its properties"),
    "no_text": _("pages without text that a program could read, such as a scan"),
    "file_name": _("something in the name of the file"),
}
