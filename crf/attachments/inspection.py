"""What a file is, by its content: read in a process of its own, with limits of memory and time (ADR 40).

Whatever a made-up file does to the libraries that read it happens here, without a database and without a key::

    python -m crf.attachments.inspection < file > answer
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import IO, Any, Final

from PIL import Image, ImageOps
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject, TextStringObject

from crf.attachments.hints import hints_in_text

SIGNATURES: Final = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
}
MEMORY: Final = 1_500_000_000  # bytes of address space: a page of pictures needs a few hundred million
SECONDS: Final = 30
MOST_TEXT: Final = 5_000_000
# What acts, calls others or carries other files. A form that is filled in is none of these.
ACTIVE: Final = frozenset(
    {"/JS", "/JavaScript", "/Launch", "/XFA", "/RichMedia", "/SubmitForm", "/ImportData", "/Movie"}
)
CARRIED: Final = frozenset({"/EmbeddedFiles", "/EmbeddedFile", "/EF", "/FileAttachment", "/Collection"})
NO_WORDS: Final = frozenset({"/Producer", "/Creator", "/CreationDate", "/ModDate", "/M", "/ID"})
_DATE: Final = re.compile(r"D:\d{4}")


@dataclass(frozen=True)
class FileLimits:
    """How much is taken: pages of a PDF, pixels of a picture."""

    pages: int
    pixels: int


@dataclass
class Inspection:
    """What a file is: ``refused`` says why it is not taken, ``hints`` what could say who the participant is."""

    media_type: str = ""
    refused: str = ""
    pages: int | None = None
    hints: list[str] = field(default_factory=list)


class RefusedError(Exception):
    """The file is not taken; the word says why (``crf.attachments.services``)."""


def media_type_of(data: bytes) -> str:
    """Return the kind of file that the first bytes show; empty for every other."""
    return next((kind for kind, starts in SIGNATURES.items() if data.startswith(starts)), "")


def inspect(data: bytes, limits: FileLimits) -> tuple[Inspection, bytes]:
    """Return what the file is, and the bytes to keep: pictures are written anew, without what the camera noted."""
    said = Inspection(media_type=media_type_of(data))
    try:
        if said.media_type == "application/pdf":
            said.pages, hints = _pdf(data, limits)
            said.hints = sorted(hints)
        elif said.media_type:
            data = _picture(data, said.media_type, limits)
            said.hints = []
        else:
            said.refused = "kind"
    except RefusedError as refused:
        said.refused = str(refused)
    except (MemoryError, RecursionError):
        said.refused = "heavy"
    except Exception:
        said.refused = "damaged"
    return said, data


def _picture(data: bytes, media_type: str, limits: FileLimits) -> bytes:
    """Return the picture alone: turned as it is looked at, without place, time, camera, preview or words."""
    Image.MAX_IMAGE_PIXELS = None  # our own limit is asked before a pixel is read
    form = "PNG" if media_type == "image/png" else "JPEG"
    with Image.open(io.BytesIO(data), formats=[form]) as picture:
        if picture.width * picture.height > limits.pixels:
            raise RefusedError("pixels")
        if getattr(picture, "n_frames", 1) > 1:
            raise RefusedError("frames")
        picture.load()
        turned = ImageOps.exif_transpose(picture)
        turned.info = {}
        kept = io.BytesIO()
        if form == "PNG":
            turned.save(kept, "PNG", optimize=False)
        else:
            turned.save(kept, "JPEG", quality=95, subsampling=0, exif=b"")
    return kept.getvalue()


def _pdf(data: bytes, limits: FileLimits) -> tuple[int, set[str]]:
    """Return the number of pages, and what could say who somebody is in text, properties, notes and pictures."""
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        raise RefusedError("encrypted")
    words = list(_words(reader))
    pages = len(reader.pages)
    if pages == 0:
        raise RefusedError("damaged")
    if pages > limits.pages:
        raise RefusedError("pages")
    hints: set[str] = set()
    length = 0
    for page in reader.pages:
        text = page.extract_text()
        length += len(text)
        if length > MOST_TEXT:
            raise RefusedError("text")
        words.append(text)
        if not text.strip():
            hints.add("no_text")
    hints |= hints_in_text("\n".join(words))
    if reader.metadata and reader.metadata.author:
        hints.add("author")
    return pages, hints


def _words(reader: PdfReader) -> Iterator[str]:
    """Yield every text of every object, and refuse what acts or carries files, on a page or not."""
    numbers = {number for table in reader.xref.values() for number in table} | set(reader.xref_objStm)
    for number in sorted(numbers):
        if number == 0:
            continue
        generation = next((each for each, table in reader.xref.items() if number in table), 0)
        yield from _words_in(reader.get_object(IndirectObject(number, generation, reader)), "")
    yield from _words_in(reader.trailer, "")
    xmp = reader.xmp_metadata
    if xmp is not None:
        yield " ".join(re.findall(r">([^<>]+)<", xmp.stream.get_data().decode("utf-8", "replace")))


def _words_in(thing: Any, key: str) -> Iterator[str]:
    if isinstance(thing, TextStringObject):
        if key not in NO_WORDS and not _DATE.match(thing):
            yield str(thing)
    elif isinstance(thing, DictionaryObject):
        _refuse_active(thing)
        for name, value in thing.items():
            yield from _words_in(value, str(name))
    elif isinstance(thing, ArrayObject):
        for value in list.__iter__(thing):
            yield from _words_in(value, key)


def _refuse_active(thing: DictionaryObject) -> None:
    names = {str(name) for name in thing}
    for name in ("/S", "/Type", "/Subtype"):
        value = dict.get(thing, name)
        if isinstance(value, str):
            names.add(str(value))
    if names & ACTIVE:
        raise RefusedError("active")
    if names & CARRIED:
        raise RefusedError("carried")
    if isinstance(thing, StreamObject) and dict.get(thing, "/Subtype") == "/Image":
        _refuse_place(thing)


def _refuse_place(thing: StreamObject) -> None:
    """A picture from a camera inside a PDF says where it was taken; it cannot be taken out without writing the PDF."""
    filters = dict.get(thing, "/Filter")
    if filters not in ("/DCTDecode", ["/DCTDecode"]):
        return
    with Image.open(io.BytesIO(thing.get_data()), formats=["JPEG"]) as picture:
        if picture.getexif().get_ifd(0x8825):
            raise RefusedError("place")


def answer(source: IO[bytes], target: IO[bytes], limits: FileLimits) -> None:
    """Read a file from ``source``; write a line of JSON that says what it is, then the bytes to keep."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said, data = inspect(source.read(), limits)
    target.write(json.dumps(asdict(said)).encode() + b"\n")
    target.write(b"" if said.refused else data)


def main() -> None:
    """Answer under limits of memory and time."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages, pixels = map(int, sys.argv[1:3])
    answer(sys.stdin.buffer, sys.stdout.buffer, FileLimits(pages, pixels))


if __name__ == "__main__":
    main()
