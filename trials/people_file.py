"""A file of people: one line for each role of a person, as a spreadsheet writes it."""

from __future__ import annotations

import csv
import io
from typing import Final

from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from kernel.punctuation import listed
from kernel.reading import clean

COLUMNS: Final = (
    *("user_name", "name", "e_mail", "language", "role", "site", "from", "until"),
    *("trained_on", "training_document", "identity_checked_on", "identity_document"),
)
NEEDED: Final = ("user_name", "name", "e_mail", "role", "from")
MOST: Final = 200


class PeopleFileUnreadable(Refusal):
    code = "trials.people_file_unreadable"
    fields = ("file",)
    message = _("This is no file of people: the first line has to name the columns {columns}.")
    status = 422


class PeopleFileTooLong(Refusal):
    code = "trials.people_file_too_long"
    fields = ("file",)
    message = _("The file has {number} lines, and {most} are taken at once. Send it in parts.")
    status = 422


def text_of_file(content: bytes) -> str:
    """Return the text of a file: UTF-8, or what a Chinese Excel writes."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")


def people_lines(text: str) -> list[dict[str, str]]:
    """Return the lines by their columns, without empty ones.

    Refuses: a first line that does not name the columns; more lines than are taken at once.
    """
    first = text.partition("\n")[0]
    delimiter = max(",;", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        rows = [[clean(cell) for cell in row] for row in reader]
    except csv.Error as error:
        raise PeopleFileUnreadable(columns=listed(NEEDED)) from error
    head = [name.lower() for name in rows[0]] if rows else []
    if not set(NEEDED) <= set(head):
        raise PeopleFileUnreadable(columns=listed(NEEDED))
    lines = [dict(zip(head, row, strict=False)) for row in rows[1:] if any(row)]
    if len(lines) > MOST:
        raise PeopleFileTooLong(number=len(lines), most=MOST)
    return [{name: line.get(name, "") for name in COLUMNS} for line in lines]
