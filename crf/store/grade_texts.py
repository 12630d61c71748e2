"""What the grades of CTCAE mean, in the words of NCI's own file or of a translation of it (protocol 3.6)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from audit.acts import open_act
from crf.models import GradeText
from kernel.errors import Refusal
from kernel.punctuation import listed
from protocol import ctcae

ENGLISH = "en"
NO_SUCH_GRADE = ("", "-")
CODE, GRADES = "MedDRA Code", tuple((f"Grade {grade}", grade) for grade in ctcae.GRADES)
SHOWN_AT_ONCE = 5

TextsOfGrades = Mapping[tuple[str, str], str]


class NoGradeFile(Refusal):
    code = "crf.no_grade_file"
    message = _(
        "The file has no columns {columns}. Load the table that NCI publishes, saved as CSV in UTF-8."
    )


class GradesDiffer(Refusal):
    code = "crf.grades_differ"
    message = _(
        "The file is not that of CTCAE {version}: it differs in the grades of {terms}. Load the file of that version."
    )


def read_grade_texts(content: str) -> dict[tuple[str, str], str]:
    """Return each text of NCI's table by the code of its term and its grade; "-" says that there is no such grade.

    Refuses: a table without the columns of NCI's; one whose terms and grades are not those of the version.
    """
    rows = csv.DictReader(io.StringIO(content))
    columns = {(name or "").strip(): name for name in rows.fieldnames or ()}
    if missing := [name for name in (CODE, *(name for name, _grade in GRADES)) if name not in columns]:
        raise NoGradeFile(columns=listed(missing))
    texts = {
        (code, grade): " ".join((row[columns[name]] or "").split())
        for row in rows
        if (code := (row[columns[CODE]] or "").strip())
        for name, grade in GRADES
    }
    said = {place: text for place, text in texts.items() if text not in NO_SUCH_GRADE}
    _refuse_unless_of_the_version(said)
    return said


def _refuse_unless_of_the_version(said: TextsOfGrades) -> None:
    grades = {(term.code, grade) for term in ctcae.terms() for grade in term.grades}
    if codes := sorted({code for code, _grade in grades ^ said.keys()}):
        known = {term.code: term.name for term in ctcae.terms()}
        named = [known.get(code, code) for code in codes[:SHOWN_AT_ONCE]]
        more = "" if len(codes) <= SHOWN_AT_ONCE else " …"
        raise GradesDiffer(version=ctcae.VERSION, terms=listed(named) + more)


def load_grade_texts(*, texts: TextsOfGrades, language: str, digest: str, at: datetime) -> int:
    """Adverse events show these texts beside the grades in ``language``; return how many are new or changed.

    Whoever may run commands on the server loads them: the act is the system's.
    """
    with open_act("crf:grade_text:load", by=None, at=at, reason=f"CTCAE {ctcae.VERSION}, {language}") as act:
        loaded = GradeText.objects.filter(version=ctcae.VERSION, language=language)
        known = {(row.term_code, row.grade): row for row in loaded}
        changed = [row for place, row in known.items() if place in texts and row.text != texts[place]]
        for row in changed:
            row.text, row.digest, row.act = texts[row.term_code, row.grade], digest, act
        GradeText.objects.bulk_update(changed, ["text", "digest", "act"], batch_size=500)
        new = [
            GradeText(
                version=ctcae.VERSION,
                language=language,
                term_code=code,
                grade=grade,
                text=text,
                digest=digest,
                act=act,
            )
            for (code, grade), text in texts.items()
            if (code, grade) not in known
        ]
        GradeText.objects.bulk_create(new, batch_size=500)
    return len(changed) + len(new)


def grade_texts(name: str, language: str) -> dict[str, str]:
    """Return what each grade of a term means, in ``language`` where it is loaded, else in English."""
    term = ctcae.term_of(name)
    if term is None:
        return {}
    texts = GradeText.objects.filter(
        version=ctcae.VERSION, term_code=term.code, language__in=(ENGLISH, language)
    )
    rows = sorted(texts.values_list("language", "grade", "text"), key=lambda row: row[0] == language)
    return {grade: text for _language, grade, text in rows}  # the reader's language last: it stays


def all_grade_texts(language: str) -> dict[tuple[str, str], str]:
    """Return every text that is loaded in ``language``, by the code of its term and its grade."""
    rows = GradeText.objects.filter(version=ctcae.VERSION, language=language)
    return {(row.term_code, row.grade): row.text for row in rows}
