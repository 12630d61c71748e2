"""The file of an export over HTTP: whole or from a byte on, with its digest as entity tag (RFC 9110, 13 and 14)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from accounts.models import User
from exports.models import Export
from exports.selected.services import refuse_file_of
from exports.services import file_to_hand_out, hand_out, path_of

ONE_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")
PIECE: Final = 64 * 1024
PARTIAL, UNREACHABLE = 206, 416


def answer_with_file(request: Any, export: Export, *, by: User, at: datetime) -> HttpResponseBase:
    """Answer a GET with the file or the part of it that is asked for, which is put on record; a HEAD with its size.

    Several ranges in one call are answered with the whole file, as RFC 9110 allows.
    """
    size = path_of(export).stat().st_size if path_of(export).exists() else 0
    first, last = (0, size - 1) if request.method == "HEAD" else _part(request, export, size)
    if request.method == "HEAD":
        refuse_file_of(export, by)
        file_to_hand_out(export)
        answer: HttpResponseBase = HttpResponse(content_type="application/zip")
    elif size and first > last:
        answer = HttpResponse(status=UNREACHABLE)
        answer["Content-Range"] = f"bytes */{size}"
        return answer
    else:
        path = hand_out(export=export, by=by, at=at, first_byte=first)
        answer = StreamingHttpResponse(_pieces(path, first, last), content_type="application/zip")
    answer["Content-Length"] = str(last - first + 1)
    answer["Accept-Ranges"] = "bytes"
    answer["ETag"] = _tag(export)
    answer["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(export.digest)).decode()}:"
    answer["Content-Disposition"] = f'attachment; filename="{export.file_name}"'
    if last - first + 1 < size:
        answer.status_code = PARTIAL
        answer["Content-Range"] = f"bytes {first}-{last}/{size}"
    return answer


def _tag(export: Export) -> str:
    return f'"{export.digest}"'


def _part(request: Any, export: Export, size: int) -> tuple[int, int]:
    """Return the first and the last byte that are asked for; the whole where the file is another by now."""
    asked = ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or not any(asked.groups()):
        return 0, size - 1
    if request.headers.get("If-Range", _tag(export)) != _tag(export):
        return 0, size - 1
    first, last = asked.groups()
    if not first:
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return 0, size - 1  # no range at all: it is passed over
    return (int(first), min(int(last), size - 1) if last else size - 1) if int(first) < size else (1, 0)


def _pieces(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
