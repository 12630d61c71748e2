"""The blank form as a PDF, in the language in force: for paper beside the source documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crf.engine.codebook import former_words, said_of, said_of_versions, tidy_file
from crf.engine.condition_words import in_words
from crf.engine.conditions import Condition
from crf.engine.declaration import FormDeclaration, Group
from crf.engine.help import on_paper
from crf.engine.messages import range_text
from crf.engine.questions import Classification, Question, QuestionKind
from crf.page.render import TABLE_LIMIT
from kernel.paper import set_pages
from kernel.punctuation import listed
from kernel.units import unit_in_print
from protocol.text import load, versions

LISTED_LIMIT = 24
PAPER_ROWS = 5
PAPER_BLOCKS = 3
LINE_LIMIT = 60
WRITTEN_LINES = 12
LINE_OF_TEXT = "_" * 48
CODED = "coding"
"""The section that coders fill in: on no paper of a site."""
WORD = re.compile(r"^[a-z]|_")


@dataclass(frozen=True)
class PaperQuestion:
    """A question with the room to answer it on paper."""

    text: str
    note: str
    boxes: tuple[str, ...]
    in_line: bool
    multiple: bool
    space: str
    unit: str
    variable: str
    required: bool
    annotations: tuple[str, ...] = ()
    at_the_end: str = ""  # where a list too long for this place stands


@dataclass(frozen=True)
class PaperList:
    """The codes of a question that has more of them than have room beside it."""

    title: str
    boxes: tuple[str, ...]


@dataclass(frozen=True)
class PaperGroup:
    """A repeating group as an empty table; when it is ``wide``, its rows are the columns of one."""

    title: str
    help: str
    questions: tuple[PaperQuestion, ...]
    rows: tuple[str, ...]
    wide: bool
    more: bool


Places = Callable[[str, str], str]  # where the answer of a column of a file stands in SDTM


def blank_html(
    form: FormDeclaration,
    wordings: Mapping[str, str] | None = None,
    *,
    before: Iterable[FormDeclaration] = (),
) -> str:
    """Return the blank form as a page of its own, made for paper; forms ``before`` it are printed on it."""
    printed = [*before, form]
    several = [(first, paper_sections(first)) for first in before]
    context = {
        "form": form,
        "former_title": former_words(form.formerly),
        "sections": list(_in_one_paper([*several, (form, paper_sections(form, wordings))])),
        "lists": [each for one in printed for each in _lists(one)],
        "language": get_language() or "en",
        "protocol_version": listed(versions()),  # its help and rows are those of each
        "registry": load(versions()[-1]).fact("registry_id").value,
        "urgent": bool(several),
        "safety_contact": settings.SAFETY_CONTACT,
    }
    return render_to_string("crf/blank.html", context)


def _in_one_paper(several: list[tuple[FormDeclaration, list[dict[str, Any]]]]) -> Iterator[dict[str, Any]]:
    """Yield the sections of all forms; a heading that several of them have names its form."""
    times = Counter(section["title"] for _form, sections in several for section in sections)
    for form, sections in several:
        for section in sections:
            title = section["title"]
            yield section | {"title": title if times[title] == 1 else f"{form.title} – {title}"}


def _lists(form: FormDeclaration) -> Iterator[PaperList]:
    """Yield each long list of codes once, under the words of the question that asks it first."""
    told: set[str] = set()
    for section in form.sections:
        names = () if section.name == CODED else section.fields
        for name in names:
            asked = form.groups[name].questions.values() if name in form.groups else [form.questions[name]]
            for question in asked:
                if question.codes and _is_long(question) and question.codes.name not in told:
                    told.add(question.codes.name)
                    yield PaperList(str(question.text), _boxes(question))


def _is_long(question: Question) -> bool:
    return not question.derived and len(_boxes(question)) > LISTED_LIMIT


def _boxes(question: Question) -> tuple[str, ...]:
    codes = question.codes.labels.items() if question.codes else ()
    return tuple(_box(code, str(text)) for code, text in codes)


def paper_sections(
    form: FormDeclaration, wordings: Mapping[str, str] | None = None, *, places: Places | None = None
) -> list[dict[str, Any]]:
    """Return the sections of the blank form; those that only compute are left out.

    ``places``: each question says where its answer goes, by CDASH and SDTM.
    """
    sections = [
        {
            "title": section.title,
            "help": " · ".join(
                filter(
                    None,
                    [str((wordings or {}).get(section.name) or section.help), *said_of_versions(section)],
                )
            ),
            "only_if": _only_if(section.shown_when, form.questions),
            "items": [item for name in section.fields for item in _items(form, name, wordings or {}, places)],
        }
        for section in form.sections
        if places or section.name != CODED
    ]
    return [section for section in sections if section["items"]]


def blank_pdf(
    form: FormDeclaration,
    wordings: Mapping[str, str] | None = None,
    *,
    before: Iterable[FormDeclaration] = (),
) -> bytes:
    """Return the blank form as PDF. Refuses: a server that cannot print."""
    return set_pages(blank_html(form, wordings, before=before))


def _items(
    form: FormDeclaration, name: str, wordings: Mapping[str, str], places: Places | None
) -> Iterator[dict[str, Any]]:
    if name in form.groups:
        yield {"group": _group(form, form.groups[name], places)}
    elif not form.questions[name].derived:
        question = form.questions[name]
        notes = _annotations(question, form.code, places)
        yield {"question": _question(question, form.questions, wordings.get(name, ""), notes)}


def _group(form: FormDeclaration, group: Group, places: Places | None) -> PaperGroup:
    beside = {**form.questions, **group.questions}
    file = tidy_file(form.code, group.name)
    asked = tuple(
        _question(question, beside, annotations=_annotations(question, file, places))
        for question in group.questions.values()
        if not question.derived
    )
    most = max(map(group.rows_under, versions()))
    wide = len(asked) > TABLE_LIMIT
    count = most if group.fixed else max(most, PAPER_BLOCKS if wide else PAPER_ROWS)
    said = (on_paper(group.help), *said_of_versions(group), _only_if(group.shown_when, form.questions))
    return PaperGroup(
        title=str(group.title),
        help=" · ".join(filter(None, said)),
        questions=asked,
        rows=tuple(str(number) for number in range(1, count + 1)),
        wide=wide,
        more=not group.fixed,
    )


def _question(
    question: Question,
    beside: Mapping[str, Question],
    wording: str = "",
    annotations: tuple[str, ...] = (),
) -> PaperQuestion:
    boxes = () if _is_long(question) else _boxes(question)
    return PaperQuestion(
        text=f"{question.text} · {wording}" if wording else str(question.text),
        note=_note(question, beside),
        boxes=boxes,
        in_line=sum(_width(box) + 4 for box in boxes) <= LINE_LIMIT,
        multiple=question.kind == QuestionKind.MULTIPLE,
        space=_space(question),
        unit=unit_in_print(str(question.unit)),
        variable=question.export,
        required=question.required,
        annotations=annotations,
        at_the_end=_("one of the list at the end") if _is_long(question) and not annotations else "",
    )


def _only_if(condition: Condition | None, beside: Mapping[str, Question]) -> str:
    """Return when it is asked, in words; what this form cannot say is left to those who know the participant."""
    if condition is None:
        return ""
    claim = in_words(condition, beside)
    return _("only if {claim}").format(claim=claim) if claim else _("only if the system asks for it")


def _annotations(question: Question, file: str, places: Places | None) -> tuple[str, ...]:
    """Return where the answer goes: its names by CDASH and SDTM, or that it is not submitted."""
    if places is None:
        return ()
    sdtm = "" if question.classification == Classification.IDENTIFYING else places(file, question.export)
    if not sdtm:
        return (_("[NOT SUBMITTED]"),)
    names = (("CDASH", question.cdash), ("SDTM", sdtm))
    return tuple(f"{standard}: {name}" for standard, name in names if name)


def _box(code: str, text: str) -> str:
    """Return what stands beside a box: code and meaning, the code once where the meaning begins with it.

    A code that is a word of the program (``not_recovered``) says nothing to a reader: the meaning stands alone.
    """
    return text if text.split(" ", maxsplit=1)[0] == code or WORD.search(code) else f"{code} = {text}"


def _width(text: str) -> int:
    """Return the room that ``text`` takes in a line, in Latin letters: a Chinese character takes two."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def _space(question: Question) -> str:
    if question.dated:
        return "____-__-__" + ("  __:__" if question.kind == QuestionKind.DATETIME else "")
    if question.kind in (QuestionKind.INTEGER, QuestionKind.DECIMAL):
        return "_________"
    if question.lines > 1:
        return "\n".join((LINE_OF_TEXT,) * min(question.lines + 2, WRITTEN_LINES))
    return (
        "______________________________" if question.max_length > 20 or question.codes else "______________"
    )


def _note(question: Question, beside: Mapping[str, Question]) -> str:
    said = said_of(question)
    if question.hard:
        said.append(
            _("possible: {range}").format(range=range_text(question.hard, unit_in_print(question.unit)))
        )
    said.append(_only_if(question.shown_when, beside))
    if question.required_when and question.required_when != question.shown_when:
        claim = in_words(question.required_when, beside)
        said.append(_("needed if {claim}").format(claim=claim) if claim else "")
    return " · ".join(filter(None, said))
