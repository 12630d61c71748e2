"""What a file is, by its content: taken, refused with a reason, or looked at by its sender (protocol 3.0)."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject, TextStringObject

from crf.attachments import inspection
from crf.attachments.hints import hints_in_name, hints_in_text
from crf.attachments.inspection import FileLimits, Inspection, inspect
from crf.attachments.refusals import HINTS, WHY
from demo.simulation.typed_pdf import typed_pdf

CHAPTERS = ("3.0",)
LIMITS = FileLimits(pages=3, pixels=1_000_000)
CLEAN = typed_pdf(["Operation note (made up)", "Oesophagectomy, 2 fields, R0"])


def changed(change: Callable[[PdfWriter], Any], data: bytes = CLEAN) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    change(writer)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def picture(form: str = "JPEG", size: tuple[int, int] = (40, 20), **saved: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(written, form, **saved)
    return written.getvalue()


def from_camera(orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "CAMERA-OF-THE-WARD"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (31.0, 13.0, 49.0)
    return picture(exif=exif)


def with_noted(text: str) -> bytes:
    noted = PngInfo()
    noted.add_itxt("Comment", text)
    return picture("PNG", pnginfo=noted)


def in_hidden_object(name: str) -> Callable[[PdfWriter], Any]:
    """A dictionary that no page leads to."""
    return lambda writer: writer._add_object(DictionaryObject({NameObject(name): TextStringObject("x")}))


def with_script(writer: PdfWriter) -> None:
    action = {
        NameObject("/S"): NameObject("/JavaScript"),
        NameObject("/JS"): TextStringObject("app.alert(1)"),
    }
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)


def with_camera_picture(writer: PdfWriter) -> None:
    stream = StreamObject()
    stream.set_data(from_camera())
    stream.update(
        {NameObject("/Subtype"): NameObject("/Image"), NameObject("/Filter"): NameObject("/DCTDecode")}
    )
    writer._add_object(stream)


REFUSED = {
    "html": (b"<html><script>alert(1)</script>", "kind"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "kind"),
    "zip": (b"PK\x03\x04" + b"\0" * 40, "kind"),
    "dicom": (b"\0" * 128 + b"DICM", "kind"),
    "gif": (picture("GIF"), "kind"),
    "PDF behind other bytes": (b"<!-- -->" + CLEAN, "kind"),
    "PDF cut off": (b"%PDF-1.7\n%%EOF", "damaged"),
    "picture cut off": (picture()[:200], "damaged"),
    "PNG of which only the name is one": (b"\x89PNG\r\n\x1a\n" + b"x" * 60, "damaged"),
    "encrypted": (changed(lambda w: w.encrypt("secret", algorithm="RC4-128")), "encrypted"),
    "encrypted with an empty password": (changed(lambda w: w.encrypt("", algorithm="RC4-128")), "encrypted"),
    "script": (changed(with_script), "active"),
    "script that no page leads to": (changed(in_hidden_object("/JS")), "active"),
    "launch": (changed(in_hidden_object("/Launch")), "active"),
    "embedded": (changed(lambda w: w.add_attachment("list.csv", b"a,b")), "carried"),
    "place of a picture": (changed(with_camera_picture), "place"),
    "pages": (changed(lambda w: [w.add_blank_page(100, 100) for _ in range(3)]), "pages"),
    "pixels": (picture("PNG", (1001, 1000)), "pixels"),
    "moving": (
        picture("PNG", save_all=True, append_images=[Image.new("RGB", (40, 20), (1, 2, 3))]),
        "frames",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_point_11_a_file_is_refused_by_its_content(what: str) -> None:
    data, why = REFUSED[what]
    said, _kept = inspect(data, LIMITS)
    assert said.refused == why
    assert why in WHY


def test_point_11_a_pdf_is_kept_byte_for_byte() -> None:
    said, kept = inspect(CLEAN, LIMITS)
    assert said == Inspection("application/pdf", "", 1, [])
    assert kept == CLEAN


def test_point_11_pictures_lose_what_the_camera_noted_and_stand_upright() -> None:
    sent = from_camera()
    assert b"CAMERA-OF-THE-WARD" in sent
    said, kept = inspect(sent + b"<script>trailing</script>", LIMITS)
    assert (said.media_type, said.refused) == ("image/jpeg", "")
    with Image.open(io.BytesIO(kept)) as shown:
        assert shown.size == (20, 40)
        assert not dict(shown.getexif())
    assert b"CAMERA" not in kept
    assert b"Exif" not in kept
    assert b"script" not in kept
    said, kept = inspect(with_noted("Wang Wu"), LIMITS)
    assert said.media_type == "image/png"
    assert b"Wang" not in kept
    with Image.open(io.BytesIO(kept)) as shown:
        assert shown.getpixel((3, 3)) == (200, 30, 30)


HINTED: dict[str, tuple[bytes, set[str]]] = {
    "identity card": (typed_pdf(["ID 11010519491231002X"]), {"id_card"}),
    "telephone": (typed_pdf(["call 138 0013 8000"]), {"telephone"}),
    "name of a report": (typed_pdf(["Patient name: made up"]), {"name"}),
    "born": (typed_pdf(["Date of birth 1950-02-03"]), {"birth"}),
    "specimen": (typed_pdf(["Specimen 202600123"]), {"hospital_number"}),
    "title": (changed(lambda w: w.add_metadata({"/Title": "Mr Made"})), {"name"}),
    "author": (changed(lambda w: w.add_metadata({"/Author": "ward"})), {"author"}),
    "scan": (changed(lambda w: w.add_blank_page(100, 100)), {"no_text"}),
}


@pytest.mark.parametrize("what", HINTED)
def test_point_11_what_could_say_who_somebody_is_is_seen(what: str) -> None:
    data, kinds = HINTED[what]
    said, _kept = inspect(data, LIMITS)
    assert (said.refused, set(said.hints)) == ("", kinds)
    assert kinds <= set(HINTS)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("姓 名 ： 甲 乙", {"name"}),
        ("联系电话：０１０-６２２２ ２２２２", {"telephone"}),
        ("出生日期 1950", {"birth"}),
        ("Tumour 35 mm, 12 of 31 nodes, 2026-05-07", set()),
    ],
)
def test_point_11_text_is_folded_before_it_is_read(text: str, kinds: set[str]) -> None:
    assert hints_in_text(text) >= kinds
    assert bool(hints_in_text(text)) is bool(kinds)


@pytest.mark.parametrize(
    ("name", "hinted"),
    [
        ("张三_手术记录.pdf", True),
        ("手术记录.pdf", False),
        ("01-0004 operation.pdf", False),
        ("2026-05-07 operation.pdf", False),
        ("13800138000.jpg", True),
        ("住院号123.png", True),
    ],
)
def test_point_11_names_of_files_are_read_too(name: str, hinted: bool) -> None:
    assert bool(hints_in_name(name)) is hinted


def test_point_11_a_program_of_its_own_reads_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process has limits, and answers with a line and the bytes; what breaks it is an answer too."""
    done = subprocess.run(
        [sys.executable, "-m", "crf.attachments.inspection", "3", "1000000"],
        input=CLEAN,
        capture_output=True,
        check=True,
    )
    line, _sep, kept = done.stdout.partition(b"\n")
    said = Inspection(**json.loads(line))
    assert asdict(said) == asdict(Inspection("application/pdf", "", 1, []))
    assert kept == CLEAN
    written = io.BytesIO()
    inspection.answer(io.BytesIO(b"<html>"), written, LIMITS)
    assert b'"refused": "kind"' in written.getvalue()
    assert written.getvalue().endswith(b"\n")

    def heavy(*_given: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(inspection, "_pdf", heavy)
    assert inspect(CLEAN, LIMITS)[0].refused == "heavy"
