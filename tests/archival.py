"""What makes a PDF fit for an archive, as far as its objects show it: PDF/A-3a (ISO 19005-3), clause by clause.

No validator runs here: archives use veraPDF. What a reader of PDFs can see is held against the standard.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

ACTIONS = {"/JavaScript", "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/Rendition"}
EMBEDDED = ("/FontFile", "/FontFile2", "/FontFile3")


def faults_of_archive(pdf: bytes) -> list[str]:
    """Return what a file for an archive may not be or lack, in words; nothing where it is fit."""
    reader = PdfReader(io.BytesIO(pdf))
    root: Any = reader.trailer["/Root"]
    return sorted({*_of_the_file(reader, pdf, root), *_of_tags(root), *_of_objects(reader)})


def _of_the_file(reader: PdfReader, pdf: bytes, root: Any) -> Iterator[str]:
    if "/ID" not in reader.trailer:
        yield "the trailer has no ID (6.1.3)"
    if "/Encrypt" in reader.trailer:
        yield "the file is encrypted (6.1.3)"
    if not re.match(rb"%PDF-1\.[4-7]\n%[\x80-\xff]{4}", pdf):
        yield "the header does not say that the file is binary (6.1.2)"
    said = root["/Metadata"].get_data() if "/Metadata" in root else b""
    told = [re.search(rb"pdfaid:%s(?:=\"|>)([^\"<]+)" % name, said) for name in (b"part", b"conformance")]
    if [each and each[1] for each in told] != [b"3", b"A"]:
        yield "the metadata do not say PDF/A-3a (6.6.4)"
    if b"dc:title" not in said:
        yield "the metadata have no title (6.6.2)"
    intents = [each.get_object() for each in root.get("/OutputIntents", [])]
    if [each["/S"] for each in intents] != ["/GTS_PDFA1"]:
        yield "there is no output intent for archives (6.2.3)"
    elif b"acsp" not in intents[0]["/DestOutputProfile"].get_object().get_data()[:40]:
        yield "the output intent has no colour profile (6.2.3)"
    if {"/OpenAction", "/AA"} & set(root) or "/JavaScript" in root.get("/Names", {}):
        yield "the file does something when it is opened (6.5.2)"
    if "/XFA" in root.get("/AcroForm", {}) or "/Requirements" in root:
        yield "the file holds a form of another kind (6.4.2)"


def _of_tags(root: Any) -> Iterator[str]:
    if not root.get("/MarkInfo", {}).get("/Marked") or not root.get("/StructTreeRoot", {}).get("/K"):
        yield "the content is not tagged (6.7.2)"
    if not re.fullmatch(r"[a-z]{2}(-\w+)*", str(root.get("/Lang", "")), re.IGNORECASE):
        yield "the language is not said (6.7.4)"


def _of_objects(reader: PdfReader) -> Iterator[str]:
    for each in _objects(reader.trailer["/Root"]):
        yield from _of_font(each)
        yield from _of_parts(each)
        if isinstance(each, StreamObject):
            yield from _of_stream(each)


def _objects(top: Any) -> Iterator[DictionaryObject]:
    """Yield every dictionary and stream that the catalog leads to, once."""
    waiting: list[Any] = [top]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, IndirectObject):
            if each.idnum in seen:
                continue
            seen.add(each.idnum)
            each = each.get_object()
        if isinstance(each, DictionaryObject):
            yield each
            waiting += [dict.__getitem__(each, key) for key in each]
        elif isinstance(each, ArrayObject):
            waiting += list(each)


def _of_font(each: DictionaryObject) -> Iterator[str]:
    if each.get("/Type") != "/Font":
        return
    if each.get("/Subtype") == "/Type0":
        if "/ToUnicode" not in each:
            yield f"the font {each['/BaseFont']} does not say which signs it draws (6.2.11.7)"
        return
    if each.get("/Subtype") == "/Type3":
        return
    described = each.get("/FontDescriptor", DictionaryObject()).get_object()
    if not any(name in described for name in EMBEDDED):
        yield f"the font {each.get('/BaseFont')} is not embedded (6.2.11.4)"


def _of_parts(each: DictionaryObject) -> Iterator[str]:
    if each.get("/S") in ACTIONS:
        yield f"there is an action {each['/S']} (6.5.1)"
    if each.get("/Subtype") == "/Link" and not int(each.get("/F", 0)) & 4:
        yield "a link is not printed (6.3.2)"
    if each.get("/Type") == "/Filespec" and "/AFRelationship" not in each:
        yield "an attached file does not say what it is to the document (6.8)"
    if "/TR" in each and each.get("/Type") == "/ExtGState":
        yield "there is a transfer function (6.2.5)"
    if "/DeviceCMYK" in (each.get("/ColorSpace"), each.get("/CS")):
        yield "there are colours that the profile does not know (6.2.4.3)"


def _of_stream(each: StreamObject) -> Iterator[str]:
    filters = each.get("/Filter", [])
    if "/LZWDecode" in ([filters] if isinstance(filters, str) else list(filters)):
        yield "a stream is packed by LZW (6.1.7.2)"
    if "/F" in each and each.get("/Type") != "/EmbeddedFile":
        yield "a stream stands in another file (6.1.7.1)"
    if each.get("/Subtype") == "/Image" and each.get("/Interpolate"):
        yield "an image is drawn otherwise than it is (6.2.8)"
