"""Files beside a record: attached, answered for, seen, replaced, removed, taken out (protocol 3.0; requirement 3)."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.template.loader import render_to_string
from django.test import Client

from accounts.permissions import Permission
from audit.acts import open_act
from audit.locked import DataFrozen, DataLocked
from audit.models import Act
from crf.attachments import services
from crf.attachments.content import (
    AttachmentDamaged,
    attachments_open_to,
    damaged_attachments,
    open_content,
)
from crf.attachments.refusals import (
    AttachmentGone,
    AttachmentNameUnreadable,
    AttachmentNotYours,
    AttachmentReasonNeeded,
    AttachmentRefused,
    AttachmentThere,
    NoFiles,
    UploadGone,
)
from crf.attachments.services import (
    AttachmentsDamagedError,
    SentFile,
    attach_file,
    confirm_upload,
    drop_uploads,
    look_after_files,
    remove_attachment,
    take_attachments,
    take_back,
)
from crf.locks.services import freeze_data
from crf.management.commands import verify_attachments
from crf.models import (
    Attachment,
    AttachmentContent,
    AttachmentEnding,
    AttachmentKind,
    AttachmentUpload,
)
from crf.records.refusals import RecordLocked
from crf.records.signing import NothingThere
from crf.store.preconditions import NotYours, TrainingFirst
from demo.simulation.typed_pdf import typed_pdf
from exports.casebook.content import casebook_of
from exports.cuts import Cut
from exports.listed.catalogue import BY_NAME, listed_files
from kernel.once import new_key
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.conftest import Save, everything, place_at, save, screened
from tests.integration.crf.test_data_locks import clean, end, levels, lock
from tests.integration.crf.test_pages import client_of, form_url
from tests.integration.crf.test_saving import GROUPS, dated
from tests.integration.exports.test_api import caller
from tests.integration.exports.test_api_described import fits
from tests.unit.crf.examples import demographics, staging
from tests.unit.crf.test_attachment_files import from_camera, picture
from tests.world import NOW, World
from trials.models import Participant

CHAPTERS = ("3.0",)
__all__ = ["clean", "everything", "save", "screened"]  # fixtures

pytestmark = pytest.mark.django_db
NOTE = typed_pdf(["Operation note (made up)", "R0"])
NAMED = typed_pdf(["Patient name: made up"])


@pytest.fixture
def recorded(screened: Participant, save: Save) -> Participant:
    save(screened, "DM", values=demographics.VALUES)
    save(screened, "STAGE", values=dated(staging.VALUES), groups=GROUPS)
    return screened


def sent(data: bytes = NOTE, name: str = "note.pdf", **more: Any) -> SentFile:
    return SentFile(data, name, **{"kind": AttachmentKind.PATHOLOGY, **more})


def attach(participant: Participant, by: Any, file: SentFile | None = None, **more: Any) -> Any:
    code = more.pop("code", "DM")
    told: dict[str, Any] = {"key": new_key(), "at": NOW, **more}
    return attach_file(record_key=place_at(participant, code), sent=file or sent(), by=by, **told)


def posted(data: bytes = NOTE, name: str = "note.pdf", **more: Any) -> dict[str, Any]:
    file = SimpleUploadedFile(name, data, "text/html")
    return {"kind": "pathology", "file": file, "looked": "on", "once": new_key(), **more}


def got_by(person: Any, row: Attachment) -> int:
    """What the person is answered who asks for the bytes."""
    answer = client_of(person).get(f"/attachments/{row_key(row)}/")
    if answer.streaming:
        assert b"".join(answer.streaming_content)
    return answer.status_code


def stored_bytes(row: Attachment) -> bytes:
    with open_content(row) as file:
        return file.read()


def test_point_11_a_file_is_attached_on_the_page_and_handed_out_to_be_saved(
    recorded: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    page = client.get(form_url(recorded, "DM")).content.decode()
    address = f"/participants/{recorded.number}/forms/DM/1/attach/"
    assert f'action="{address}" enctype="multipart/form-data"' in page
    done = client.post(address, posted(name="../../手术<b>记录.PDF"))
    assert (done.status_code, done["Location"]) == (302, f"{form_url(recorded, 'DM')}#files")
    row = Attachment.objects.get()
    assert (row.name, row.pages, row.size) == ("手术<b>记录.PDF", 1, len(NOTE))
    assert row.digest == row.sent_digest == hashlib.sha256(NOTE).hexdigest()
    shown = client.get(form_url(recorded, "DM")).content.decode().split('id="files"')[1]
    for words in ("手术&lt;b&gt;记录.PDF", row.digest, str(world.coordinator), "Pathology report", "1 page"):
        assert words in shown
    got = client.get(f"/attachments/{row_key(row)}/")
    assert b"".join(got.streaming_content) == NOTE
    assert got["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert got["X-Content-Type-Options"] == "nosniff"
    assert got["Cache-Control"] == "no-store, private"
    assert got["Content-Type"] == "application/pdf"
    assert got.streaming


def test_point_11_who_sees_attaches_and_removes(recorded: Participant, world: World) -> None:
    row = attach(recorded, world.coordinator)
    for person in (world.monitor, world.data_manager, world.inspector, world.investigator):
        assert got_by(person, row) == 200, person
    assert got_by(world.statistician, row) == 403
    stranger = client_of(world.stranger)
    assert got_by(world.stranger, row) == 404
    assert stranger.get(f"/attachments/{row_key(row)}/remove/").status_code == 404
    assert stranger.get(f"/participants/{recorded.number}/files/").status_code == 404
    for person in (world.monitor, world.data_manager):
        client = client_of(person)
        assert client.post(f"/participants/{recorded.number}/forms/DM/1/attach/", posted()).status_code == 403
        assert client.post(f"/attachments/{row_key(row)}/remove/", {"reason": "x"}).status_code == 403
        assert "Attach a file" not in client.get(form_url(recorded, "DM")).content.decode()
    with pytest.raises(NotYours):
        attach(recorded, world.monitor)
    world.coordinator.trained_on = None
    with pytest.raises(TrainingFirst):
        attach(recorded, world.coordinator)


def test_point_11_the_database_shows_bytes_to_their_site_alone(recorded: Participant, world: World) -> None:
    row = attach(recorded, world.coordinator)
    with scope(user_id=world.stranger.pk, sites=world.stranger.sites_with(Permission.CRF_VIEW) or ()):
        assert not Attachment.objects.filter(pk=row.pk).exists()
        assert not AttachmentContent.objects.filter(pk=row.content_id).exists()
    for change in (
        "UPDATE crf_attachmentcontent SET data = ''",
        "DELETE FROM crf_attachmentcontent",
        "DELETE FROM crf_attachment",
        "UPDATE crf_attachment SET digest = 'x'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_point_11_who_is_spared_the_arm_sees_no_operation_note(
    recorded: Participant, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tells = attach(recorded, world.coordinator)
    tells_not = attach(
        recorded, world.coordinator, sent(typed_pdf(["Hb 120"]), "lab.pdf", kind=AttachmentKind.LABORATORY)
    )
    reader = world.monitor
    assert set(attachments_open_to(reader)) == {tells, tells_not}
    reader.limits = frozenset(Permission) - {Permission.ALLOCATION_VIEW}
    assert set(attachments_open_to(reader)) == {tells_not}
    reader.limits = frozenset(Permission) - {Permission.CRF_VIEW}
    assert not attachments_open_to(reader).exists()


def test_point_11_a_file_that_could_name_somebody_waits_for_its_sender(
    recorded: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    address = f"/participants/{recorded.number}/forms/DM/1/attach/"
    asked = client.post(address, posted(NAMED, "张三.pdf"), follow=True)
    question = asked.content.decode()
    assert "is not attached yet" in question
    assert "<li>a name</li>" in question
    assert "something in the name of the file" in question
    assert not Attachment.objects.exists()
    waiting = AttachmentUpload.objects.get()
    here = f"{address}{row_key(waiting)}/"
    refused = client.post(here, {"name": "report.pdf", "reason": " ", "once": new_key()})
    assert (refused.status_code, Attachment.objects.count()) == (422, 0)
    kept = client.post(
        here, {"name": "report.pdf", "reason": "A <i>form</i> without a name", "once": new_key()}
    )
    assert kept.status_code == 302
    row = Attachment.objects.get()
    assert (row.name, row.hints, row.hints_reason) == (
        "report.pdf",
        ["file_name", "name"],
        "A <i>form</i> without a name",
    )
    assert not AttachmentUpload.objects.exists()
    assert "A &lt;i&gt;form&lt;/i&gt; without a name" in client.get(form_url(recorded, "DM")).content.decode()
    assert client.get(here)["Location"].endswith("#files")
    # the other answer: nothing is kept
    client.post(address, posted(typed_pdf(["Tel: 13800138000"])))
    waiting = AttachmentUpload.objects.get()
    assert client_of(world.investigator).get(f"{address}{row_key(waiting)}/").status_code == 302
    assert client.post(f"{address}{row_key(waiting)}/take-back/", {"once": new_key()}).status_code == 302
    assert (AttachmentUpload.objects.count(), Attachment.objects.count()) == (0, 1)
    with pytest.raises(UploadGone):
        take_back(record_key=place_at(recorded, "DM"), upload=waiting.pk, by=world.coordinator)
    with pytest.raises(UploadGone):
        confirm_upload(
            record_key=place_at(recorded, "DM"),
            upload=waiting.pk,
            name="a.pdf",
            reason="x",
            by=world.coordinator,
            at=NOW,
        )


def test_point_11_nobody_answered_in_a_day(recorded: Participant, world: World) -> None:
    address = f"/participants/{recorded.number}/forms/DM/1/attach/"
    client_of(world.coordinator).post(address, posted(NAMED))
    saved_at = AttachmentUpload.objects.get().saved_at
    with scope(user_id=None, sites=EVERYTHING):
        assert drop_uploads(at=saved_at + timedelta(hours=23)) == 0
        assert drop_uploads(at=saved_at + timedelta(hours=25)) == 1


def test_point_11_replaced_and_removed_files_stay_with_their_reasons(
    recorded: Participant, world: World
) -> None:
    first = attach(recorded, world.coordinator)
    client = client_of(world.coordinator)
    address = f"/participants/{recorded.number}/forms/DM/1/attach/?replaces={row_key(first)}"
    assert "note.pdf" in client.get(address).content.decode()
    newer = typed_pdf(["Operation note, signed"])
    assert client.post(address, posted(newer, reason="")).status_code == 422
    assert client.post(address, posted(newer, reason="The signed one")).status_code == 302
    second = Attachment.objects.get(replaces=first)
    first.refresh_from_db()
    assert (first.ending, first.ending_reason, first.ended_by) == (
        AttachmentEnding.REPLACED,
        "The signed one",
        world.coordinator,
    )
    with pytest.raises(AttachmentGone):
        attach(recorded, world.coordinator, sent(replaces=first.pk, reason="again"))
    removing = f"/attachments/{row_key(second)}/remove/"
    assert client.post(removing, {"reason": "", "once": new_key()}).status_code == 422
    assert client.post(removing, {"reason": "Of somebody else", "once": new_key()}).status_code == 302
    with pytest.raises(AttachmentGone):
        remove_attachment(
            record_key=place_at(recorded, "DM"),
            attachment=second.pk,
            reason="again",
            by=world.coordinator,
            at=NOW,
        )
    shown = client.get(form_url(recorded, "DM")).content.decode().split('id="files"')[1]
    assert "Of somebody else" in shown
    assert got_by(world.coordinator, second) == 200
    # who reads from outside the site learns that it was there, and neither name nor bytes
    reads = client_of(world.monitor)
    page = reads.get(form_url(recorded, "DM")).content.decode().split('id="files"')[1]
    assert "Of somebody else" in page
    assert "note.pdf" not in page
    assert got_by(world.monitor, second) == 403
    versions = second.events.order_by("pgh_id").values_list("ending", flat=True)
    assert list(versions) == [None, "removed"]
    assert Act.objects.get(verb="crf:attachment:remove").reason == "Of somebody else"
    # the same file may come once more
    assert attach(recorded, world.coordinator, sent(newer)).ended_at is None


NAMES = {
    "wrong ending": ("note.exe", AttachmentRefused, ""),
    "two endings": ("note.pdf.exe", AttachmentRefused, ""),
    "another kind's ending": ("note.png", AttachmentRefused, ""),
    "no ending": ("note", None, "note.pdf"),
    "path": ("..\\..\\etc/passwd.pdf", None, "passwd.pdf"),
    "dots": ("...pdf.pdf", None, "pdf.pdf"),
    "right to left": ("fdp\u202efdp.exe.pdf", None, "fdpfdp.exe.pdf"),
    "two dots": ("a.b.pdf", None, "a.b.pdf"),
    "Chinese": ("手术记录（签字）.pdf", None, "手术记录（签字）.pdf"),
    "control": ("a\x07.pdf", AttachmentNameUnreadable, ""),
    "nothing": ("   ", AttachmentNameUnreadable, ""),
    "long": ("a" * 117 + ".pdf", AttachmentNameUnreadable, ""),
}


@pytest.mark.parametrize("what", NAMES)
def test_point_11_names_as_they_are_kept(what: str) -> None:
    typed, refused, kept = NAMES[what]
    if refused:
        with pytest.raises(refused):
            services._name(typed, "application/pdf")
    else:
        assert services._name(typed, "application/pdf") == kept


def test_point_11_what_is_not_taken_says_why(recorded: Participant, world: World, settings: Any) -> None:
    settings.ATTACHMENT_MAX_BYTES = 50_000
    settings.ATTACHMENT_MAX_PIXELS = 2_000_000
    cases = {
        b"": "it is empty",
        b"x" * 50_001: "more than 0 MB",
        b"<svg onload='x()'>": "no PDF, PNG or JPEG",
        b"%PDF-1.4 broken": "cannot be read to its end",
        picture("PNG", (4001, 500)): "more than 2 million pixels",
    }
    client, address = client_of(world.coordinator), f"/participants/{recorded.number}/forms/DM/1/attach/"
    for data, words in cases.items():
        refused = client.post(address, posted(data, "a.png"))
        assert refused.status_code == 422
        assert words in refused.content.decode()
    assert client.post(address, posted(looked="")).status_code == 422
    assert client.post(address, posted(kind="x")).status_code == 422
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 30_000
    assert client.post(address, posted(b"x" * 90_000)).status_code == 413
    assert (
        client.post(f"/participants/{recorded.number}/forms/DM/1/note/", posted(b"x" * 40_000)).status_code
        == 413
    )
    assert Client().post(address, posted(b"x" * 40_000)).status_code == 413
    assert not Attachment.objects.exists()


def test_point_11_a_picture_is_kept_without_the_place(recorded: Participant, world: World) -> None:
    row = attach(recorded, world.coordinator, sent(from_camera(), "photo.jpeg"))
    assert row.digest != row.sent_digest
    kept = stored_bytes(row)
    assert hashlib.sha256(kept).hexdigest() == row.digest
    assert b"CAMERA" not in kept
    assert b"Exif" not in kept


def test_point_11_sent_twice_attached_once(recorded: Participant, world: World) -> None:
    client, address = client_of(world.coordinator), f"/participants/{recorded.number}/forms/DM/1/attach/"
    key = new_key()
    assert client.post(address, posted(once=key)).status_code == 302
    cache.clear()
    assert client.post(address, posted(once=key)).status_code == 302  # its answer was lost
    assert Attachment.objects.count() == 1
    other_window = client.post(address, posted(once=new_key()))
    assert other_window.status_code == 409
    assert "stands at" in other_window.content.decode()
    with pytest.raises(AttachmentThere):
        attach(recorded, world.investigator)
    assert Attachment.objects.count() == 1


def test_point_11_all_of_a_file_is_kept_or_nothing(
    recorded: Participant, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_row: Any) -> None:
        raise OperationalError("could not extend file: No space left on device")

    monkeypatch.setattr(AttachmentContent.objects, "create", full)
    with pytest.raises(OperationalError):
        attach(recorded, world.coordinator)
    assert not Attachment.objects.exists()
    assert not Act.objects.filter(verb="crf:attachment:attach").exists()


def test_point_11_the_database_keeps_no_file_without_its_bytes(
    recorded: Participant, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hashlib.sha256(NOTE).hexdigest()
    with pytest.raises(DatabaseError, match="content_digest"), transaction.atomic():
        AttachmentContent.objects.create(digest=digest, size=len(NOTE), data=b"other")
    with pytest.raises(DatabaseError, match="content_digest"), transaction.atomic():
        AttachmentContent.objects.create(digest=digest, size=1, data=NOTE)
    other = AttachmentContent(digest=hashlib.sha256(b"other").hexdigest(), size=5, data=b"other")
    other.save(force_insert=True)
    monkeypatch.setattr(AttachmentContent.objects, "create", lambda **_row: other)
    with pytest.raises(DatabaseError, match="same_content"), transaction.atomic():
        attach(recorded, world.coordinator)
    assert not AttachmentContent.objects.exists()  # bytes without a file are nobody's to see


def test_point_11_bytes_that_were_altered_are_not_handed_out(recorded: Participant, world: World) -> None:
    row = attach(recorded, world.coordinator)
    assert damaged_attachments() == []
    row.digest = "0" * 64
    with pytest.raises(AttachmentDamaged):
        stored_bytes(row)


def test_point_11_frozen_and_locked_records_take_and_lose_no_file(clean: Participant, world: World) -> None:
    row = attach(clean, world.coordinator, code="STAGE")
    scope = levels(clean)["participant"]
    freeze_data(scope=scope, by=world.data_manager, at=NOW)
    assert_refused(clean, row, world, DataFrozen)
    page = client_of(world.coordinator).get(form_url(clean, "STAGE")).content.decode()
    assert 'id="files"' in page
    assert "Attach a file" not in page
    assert f"/attachments/{row_key(row)}/remove/" not in page
    assert got_by(world.coordinator, row) == 200
    end(world, scope)
    lock(world, scope)
    assert_refused(clean, row, world, (DataLocked, RecordLocked))
    row.ending, row.ended_by, row.ended_at, row.ending_reason = "removed", world.coordinator, NOW, "x"
    with open_act("crf:attachment:remove", by=world.coordinator, at=NOW) as act:
        row.act = act
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            row.save()


def assert_refused(participant: Participant, row: Attachment, world: World, refusal: Any) -> None:
    """Nothing is attached to the staging form and nothing removed."""
    other = sent(typed_pdf(["other"]))
    with pytest.raises(refusal), transaction.atomic():
        attach(participant, world.coordinator, other, code="STAGE")
    with pytest.raises(refusal), transaction.atomic():
        remove_attachment(
            record_key=place_at(participant, "STAGE"),
            attachment=row.pk,
            reason="x",
            by=world.coordinator,
            at=NOW,
        )


def test_point_11_files_leave_by_a_right_of_their_own(recorded: Participant, world: World) -> None:
    address = f"/participants/{recorded.number}/files/"
    with pytest.raises(NoFiles):
        take_attachments(participant=recorded, purpose="x", by=world.data_manager, at=NOW)
    row = attach(recorded, world.coordinator)
    for reader in (world.coordinator, world.monitor, world.inspector):
        client = client_of(reader)
        assert "Take the files" not in client.get(address).content.decode()
        assert client.post(address, {"purpose": "x"}).status_code == 403
    with pytest.raises(AttachmentNotYours):
        take_attachments(participant=recorded, purpose="x", by=world.monitor, at=NOW)
    with pytest.raises(AttachmentReasonNeeded):
        take_attachments(participant=recorded, purpose=" ", by=world.data_manager, at=NOW)
    client = client_of(world.data_manager)
    assert row.digest in client.get(address).content.decode()
    assert client.post(address, {"purpose": "", "once": new_key()}).status_code == 422
    got = client.post(address, {"purpose": "Committee", "once": new_key()})
    with zipfile.ZipFile(io.BytesIO(b"".join(got.streaming_content))) as archive:
        assert archive.read(f"{row.pk}.pdf") == NOTE
        assert row.digest in archive.read("files.csv").decode()
    assert Act.objects.get(verb="crf:attachment:take").reason == "Committee"


def test_point_11_no_record_no_file(screened: Participant, world: World) -> None:
    with pytest.raises(NothingThere):
        attach(screened, world.coordinator)


def test_point_11_programs_read_files_with_the_same_rights(recorded: Participant, world: World) -> None:
    row = attach(recorded, world.coordinator)
    gone = attach(recorded, world.coordinator, sent(typed_pdf(["other"]), "gone.pdf"))
    remove_attachment(
        record_key=place_at(recorded, "DM"), attachment=gone.pk, reason="Wrong", by=world.coordinator, at=NOW
    )
    address = f"/api/v1/attachments/?participant={recorded.number}&form=DM"
    rights = (
        *(Permission.ATTACHMENT_VIEW, Permission.PARTICIPANT_VIEW),  # the second for the filter
        *(Permission.CRF_VIEW, Permission.ALLOCATION_VIEW),
    )
    api = caller(world.monitor, *rights)
    answer = api.get(address)
    fits(Client().get("/api/schema/?format=json").json(), "/api/v1/attachments/", answer)
    first, second = answer.json()["results"]
    assert (first["id"], first["sha256"], first["name"]) == (row_key(row), row.digest, "note.pdf")
    assert (second["name"], second["ending"], second["ending_reason"]) == (None, "removed", "Wrong")
    got = api.get(f"/api/v1/attachments/{row_key(row)}/file/")
    assert b"".join(got.streaming_content) == NOTE
    assert got["Content-Disposition"] == 'attachment; filename="note.pdf"'
    assert api.get(f"/api/v1/attachments/{row_key(gone)}/file/").status_code == 403
    assert not caller(world.monitor, Permission.ATTACHMENT_VIEW).get("/api/v1/attachments/").json()["results"]
    assert caller(world.monitor, Permission.CRF_VIEW).get("/api/v1/attachments/").status_code == 403
    stranger = caller(world.stranger, Permission.ATTACHMENT_VIEW, Permission.CRF_VIEW)
    assert stranger.get("/api/v1/attachments/").json()["results"] == []
    assert stranger.get(f"/api/v1/attachments/{row_key(row)}/file/").status_code == 404


def test_point_11_the_casebook_lists_files_and_no_export_holds_them(
    recorded: Participant, world: World
) -> None:
    row = attach(recorded, world.coordinator)
    gone = attach(recorded, world.coordinator, sent(typed_pdf(["other"]), "gone.pdf"))
    remove_attachment(
        record_key=place_at(recorded, "DM"), attachment=gone.pk, reason="Wrong", by=world.coordinator, at=NOW
    )
    for reader in (world.monitor, None):  # None is the copy that a site keeps
        (record,) = (
            each
            for each in casebook_of(recorded, user=reader, at=NOW).records
            if each.record.form_code == "DM"
        )
        assert record.files == (row, gone)
        paper = render_to_string(
            "exports/pdf/casebook_record.html", {"each": record, "zone": "Asia/Shanghai"}
        )
        assert "note.pdf" in paper
        assert row.digest in paper
        assert gone.digest in paper
        assert "gone.pdf" not in paper
    tables = [file.source for file in listed_files(Cut(NOW), BY_NAME)]
    assert not any("crf_attachment" in sql for sql in tables)


def test_point_11_every_night_each_file_is_compared(
    recorded: Participant, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = attach(recorded, world.coordinator)
    out = io.StringIO()
    look_after_files(at=NOW)
    call_command("verify_attachments", stdout=out)
    assert out.getvalue() == "1 attached files: byte for byte as they were attached.\n"
    for module in (services, verify_attachments):
        monkeypatch.setattr(module, "damaged_attachments", lambda: [row.pk])
    with pytest.raises(AttachmentsDamagedError, match=str(row.pk)):
        look_after_files(at=NOW)
    with pytest.raises(SystemExit):
        call_command("verify_attachments", stderr=out)
    assert f"attached file {row.pk}: missing" in out.getvalue()
