"""The page of a form, drawn leanly: each question's skeleton (crf/page/question_templates.py) is only filled here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.template.loader import get_template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crf.engine import messages
from crf.engine.answers import AnswerRow, AnswerValues
from crf.engine.checks import Finding, Level
from crf.engine.conditions import Condition, canonical
from crf.engine.declaration import FormDeclaration, FormSection, Group
from crf.engine.dictionaries import local_name
from crf.engine.help import filled, value_texts
from crf.engine.missing import MissingAnswer, missing_answers
from crf.engine.questions import Question, QuestionKind
from crf.engine.submission import KEYS_BETWEEN, Submission, rows_begun
from crf.engine.typed import raw_of
from crf.page.balloons import ask_link, balloons
from crf.page.form_page import FieldView, FormPage, PageInput, SectionView, first_text
from crf.page.grid import grid_of
from crf.page.keyed_rows import key_cell, offered_again, paste_box
from crf.page.note_templates import ERROR, blank_notes, finding_note, note, note_classes
from crf.page.question_templates import Filling, as_json, partial, skeleton
from kernel.punctuation import listed
from kernel.units import unit_in_print

TABLE_LIMIT = 6
REASON = "_reason"


def page(form: FormDeclaration, given: PageInput) -> FormPage:
    """Return the page of ``form`` as ``given`` describes it; ``announce`` puts what is wrong on top."""
    drawing = FormRenderer(form, given, get_language() or "en")
    parts = [drawing.part(section) for section in form.sections]
    missing = missing_answers(form, given.outcome, drawing.names)
    return FormPage(
        form=form,
        title=str(form.title),
        parts=tuple(_with_missing(part, missing) for part in parts),
        problems=tuple(drawing.problems()) if given.announce else (),
        notes=drawing.loose_notes(),
        blank_notes=tuple(blank_notes(drawing.language)) if given.editable else (),
        cleared=tuple(drawing.label_of(target) for target in given.outcome.cleared),
        unanswered=missing,
        links=given.links,
        context_json=json.dumps({name: _json(given.context.get(name)) for name in form.shown_context}),
        saved_json=json.dumps(given.saved) if given.saved is not None else "",
        version=given.version,
        key=given.key,
        raw_prompts=first_text(given.raw, "_prompts"),
        reason=first_text(given.raw, REASON),
        reasons_json=json.dumps(
            {name: texts[0] for name, texts in given.raw.items() if name.startswith("_reason:") and texts}
        ),
        editable=given.editable,
        storage=given.storage,
        stored=given.stored,
        today=given.today,
        reason_problem=given.errors.get(REASON, ""),
    )


def _with_missing(part: SectionView, missing: Iterable[MissingAnswer]) -> SectionView:
    return replace(part, missing=tuple(answer for answer in missing if answer.section == part.name))


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


@dataclass(frozen=True)
class _Row:
    """A row of a group, drawn."""

    prefix: str
    row_id: str
    position: str
    number: str
    title: str
    cells: SafeString
    begins: bool = False  # holds only what the form began it with; nobody has asked for it yet
    balloons: str = ""


@dataclass
class FormRenderer:
    form: FormDeclaration
    given: PageInput
    language: str

    def __post_init__(self) -> None:
        waiting = tuple(f"{group.name}-" for group in self.form.groups.values() if not self.asks(group))
        begins = raw_of(self.form, values={}, groups={}, missing={}, zone=self.given.zone) if waiting else {}
        self.raw = {
            **{name: texts for name, texts in begins.items() if name.startswith(waiting)},
            **self.given.raw,
        }
        self.names = dict(self.given.names)  # of every field by its place, those that are drawn included
        self.notes: dict[str, list[tuple[str, str]]] = {}
        self.placed_keys: set[str] = set()
        self.confirmed = Submission(raw=self.given.raw).confirmations
        shown = [each for each in self.given.outcome.findings if each.level in (Level.HARD, Level.SOFT)]
        self.keys_at: dict[str, list[str]] = {}  # of the soft findings that are confirmed at one value
        for finding in shown:
            if finding.level == Level.SOFT:
                self.keys_at.setdefault(finding.target, []).append(finding.key)
        for finding in shown:
            self._note(finding)

    def _note(self, finding: Finding) -> None:
        text = messages.finding_text(self.form, finding, zone=self.given.zone)
        for number, target in enumerate(finding.targets):
            if target in self.given.outcome.visible or target in self.form.groups:
                drawn = self._draw(finding, text, first=number == 0)
                self.notes.setdefault(target, []).append((finding.level.value, drawn))
                self.placed_keys.add(finding.key)

    def _draw(self, finding: Finding, text: str, *, first: bool) -> SafeString:
        """Draw a finding; the last one at a value takes the reason that settles all of them there."""
        keys = self.keys_at.get(finding.target, [finding.key])
        return finding_note(
            finding,
            text,
            language=self.language,
            confirms=first and self.given.editable and finding.key == keys[-1],
            keys=KEYS_BETWEEN.join(keys),
            reason=next((self.confirmed[key] for key in keys if key in self.confirmed), ""),
        )

    @cached_property
    def history(self) -> str:
        """Return the address of an answer's history, up to the answer's name."""
        address = self.given.links.history
        return f"{address}{'&' if '?' in address else '?'}field=" if address else ""

    def label_of(self, target: str) -> str:
        question = messages.question_at(self.form, target)
        return str(question.text) if question else str(self.form.groups[target].title)

    def loose_notes(self) -> SafeString:
        """Return the findings that belong to no question shown on the page."""
        loose = [
            self._draw(finding, messages.finding_text(self.form, finding, zone=self.given.zone), first=True)
            for finding in self.given.outcome.findings
            if finding.level in (Level.HARD, Level.SOFT) and finding.key not in self.placed_keys
        ]
        return mark_safe("".join(loose))  # noqa: S308 - each note is escaped where it is made

    def problems(self) -> Iterable[tuple[str, str]]:
        """Yield (link, sentence) for what stands in the way of the save, in the order of the page."""
        for name, text in self.given.errors.items():
            if name != REASON:  # the page says it itself, at the end
                yield f"#id-{name}", text
        for finding in self.given.outcome.at(Level.HARD):
            name = self.names.get(finding.target, finding.target)
            link = (
                f"#id-{name}"
                if finding.target in self.given.outcome.visible
                else f"#q-{name}"
                if name
                else ""
            )
            yield link, messages.finding_text(self.form, finding, zone=self.given.zone)

    def part(self, section: FormSection) -> SectionView:
        """Draw one section."""
        bodies = [
            self.group(self.form.groups[name])
            if name in self.form.groups
            else self.question(FieldView(self.form.questions[name], name, name, self.given.outcome.values))
            for name in section.fields
        ]
        return SectionView(
            name=section.name,
            title=str(section.title),
            help=self.given.wordings.get(section.name) or str(section.help),
            quick=section.quick,
            show=as_json(section.shown_when),
            hidden=not self.holds(section.shown_when),
            body=mark_safe("".join(bodies)),  # noqa: S308 - made of escaped parts
        )

    def holds(self, condition: Condition | None, row: AnswerValues | None = None) -> bool:
        """Judge a condition by the answers on the page: those of a row before those of the form."""
        values = {**self.given.outcome.values, **(row or {})}
        return condition is None or condition.holds(
            lambda name: values[name] if name in values else self.given.context.get(name)
        )

    def question(self, spot: FieldView) -> str:
        """Fill one question's markup."""
        given, question, name = self.given, spot.question, spot.name
        self.names[spot.target] = name
        required = spot.target in given.outcome.required
        shown = spot.target in given.outcome.visible or (spot.blank and question.shown_when is None)
        texts = self.raw.get(name, [])
        why = first_text(self.raw, f"{name}__why")
        notes = self.notes_at(spot)
        filling = Filling(
            {
                **self.values_escaped,
                "name": name,
                "label": escape(spot.label),
                "text": self.wording(question) if question.licensed else "",
                "notes": "".join(text for _level, text in notes),
                **self.beside(spot),
                "known": self.known_elsewhere(spot, texts),
                "value": escape(self.text_of(spot)),
                "raw": self.raw_of(spot),
                "term": escape(local_name(spot.question.dictionary, first_text(self.raw, spot.name))),
                "classes": note_classes(notes, required=required, why=why),
                "hidden": "" if shown else " hidden",
                "optional": "" if required else " hidden",
                "bad": ' aria-invalid="true"' if name in given.errors else "",
                "disabled": "" if given.editable else " disabled",
                "why-open": " open" if why else "",
                "why-hidden": "" if why or given.editable else " hidden",
                "reader": "" if given.editable and self.has_proposal(spot) else " hidden",
                f"w:{why}": " selected",
            }
        )
        for code in self.not_offered(spot):
            filling[f"h:{code}"], filling[f"o:{code}"] = " hidden", " hidden disabled"
        for text in texts or [""]:
            filling[f"c:{text}"], filling[f"s:{text}"] = " checked", " selected"
        term = first_text(self.raw, question.explained_by)
        filling |= {
            f"m:{code}": escape(text) for code, text in (given.meanings(term) if term else {}).items()
        }
        if not given.editable:
            filling |= self.in_words(spot, texts, why)
        return skeleton(question, self.language, spot.template, editable=given.editable) % filling

    def in_words(self, spot: FieldView, texts: Sequence[str], why: str) -> dict[str, str]:
        """Return the answer as it is read where nobody may change it, and as it is stored."""
        question, said = spot.question, [text for text in texts if text]
        codes, unit = question.codes, unit_in_print(question.unit)
        words = listed(codes.label(text) if codes else text for text in said)
        if question.dictionary and words:
            words = local_name(question.dictionary, words) or words
        read = f"{words} {unit}".strip() if words else messages.missing_text(why) if why else ""
        field = partial("stored", self.language)
        fields = (field % {"name": spot.name, "value": escape(text)} for text in said)
        return {"read": escape(read), "stored": "".join(fields)}

    def beside(self, spot: FieldView) -> dict[str, str]:
        """Return what stands beside a question: its queries, and what its menu leads to."""
        given = self.given
        links, asked, about = given.links, given.asked, spot.label or str(spot.question.text)
        leads = links.history or links.verify or asked.ask
        kept = bool(leads) and not spot.blank
        return {
            "history": escape(self.history),
            "no-history": "" if links.history and not spot.blank else " hidden",
            "verify": escape(links.verify),
            "no-verify": "" if links.verify and not spot.blank else " hidden",
            "comment": escape(links.comment),
            "no-comment": "" if links.comment and not spot.blank else " hidden",
            "comments": given.comments.get(spot.target, ""),
            "target": escape(spot.target),
            "balloons": "" if spot.blank else balloons(asked, spot.target, language=self.language),
            "ask": "" if spot.blank else ask_link(asked, spot.target, about, language=self.language),
            "no-more": "" if given.editable or kept else " hidden",
        }

    def known_elsewhere(self, spot: FieldView, texts: Sequence[str]) -> str:
        """Draw the answer that another form has; what is answered alike here need not be taken over."""
        known = self.given.known.get(spot.target)
        if known is None:
            return ""
        same = " hidden" if tuple(texts) == known.typed else ""
        text = {"source": known.source, "text": known.text, "label": str(spot.question.text)}
        return partial("known", self.language) % {
            "typed": escape(json.dumps(known.typed)),
            "same": same,
            "name": escape(spot.target),
            **{name: escape(words) for name, words in text.items()},
        }

    def at_row(self, target: str, about: str) -> SafeString:
        """Return the queries about a row, and the way to raise one."""
        asked, language = self.given.asked, self.language
        return format_html(
            "{}{}",
            balloons(asked, target, language=language),
            ask_link(asked, target, about, language=language, part="ask"),
        )

    def has_proposal(self, spot: FieldView) -> bool:
        """Say whether the answer that the question takes over is known."""
        proposed_by = spot.question.proposed_by
        values = self.given.outcome.values
        return bool(proposed_by) and spot.values.get(proposed_by, values.get(proposed_by)) is not None

    def not_offered(self, spot: FieldView) -> list[str]:
        """Return the codes that are no answer here; one that is on record stays to be seen."""
        chosen = self.raw.get(spot.name, [])
        unlisted = spot.question.offered_when if spot.values or not spot.blank else {}
        codes = [code for code, condition in unlisted.items() if not self.holds(condition, spot.values)]
        return [code for code in codes if code not in chosen]

    @cached_property
    def values_of_protocol(self) -> Filling:
        """Return the values of the record's version of the protocol, for the places that help has for them."""
        return Filling(value_texts(self.given.context))

    @cached_property
    def values_escaped(self) -> dict[str, str]:
        """Return the same values as they stand in markup."""
        return {name: escape(text) for name, text in self.values_of_protocol.items()}

    def wording(self, question: Question) -> str:
        """Return the licensed words of a question where they are loaded, after its number."""
        loaded = self.given.wordings.get(question.name)
        return escape(f"{question.text} · {loaded}" if loaded else str(question.text))

    def notes_at(self, spot: FieldView) -> list[tuple[str, str]]:
        notes = list(self.notes.get(spot.target, ()))
        if spot.name in self.given.errors:
            notes.insert(0, ("error", note(ERROR, self.given.errors[spot.name], language=self.language)))
        return notes

    def text_of(self, spot: FieldView) -> str:
        """Return what was typed, or the derived answer in words."""
        if spot.question.derived:
            return messages.display(spot.question, spot.values.get(spot.question.name), zone=self.given.zone)
        return first_text(self.raw, spot.name)

    def raw_of(self, spot: FieldView) -> str:
        """Return a derived answer as the browser's conditions read it."""
        if not spot.question.derived:
            return ""
        return escape(json.dumps(canonical(spot.values.get(spot.question.name))))

    def group(self, group: Group) -> str:
        """Draw a repeating group: a table while it is narrow, else one card per row."""
        many = len(group.questions) > TABLE_LIMIT and not group.as_table
        template = (
            "question"
            if many or any(q.kind == QuestionKind.MULTIPLE for q in group.questions.values())
            else "cell"
        )
        answered = self._rows(group)
        rows = [self._row(group, row, index, template) for index, row in enumerate(answered)]
        beside = [
            (row, drawn.prefix, drawn.title or drawn.number)
            for row, drawn in zip(answered, rows, strict=True)
        ]
        blank = _Row(
            f"{group.name}-__row__", "", "", "__number__", "", self._cells(group, None, "__row__", template)
        )
        editable = self.given.editable and not group.fixed
        spare = self._spare(group, rows, template) if editable else None
        if spare is not None and template == "cell":
            rows, spare = [*rows, spare], None  # in a table an empty line takes no room
        return get_template("crf/partials/group.html").render(
            {
                "group": group,
                "help": filled(group.help, self.values_of_protocol.__getitem__),
                "wide": template == "question",
                "grid": grid_of(group, beside, zone=self.given.zone),
                "questions": group.drawn,
                "rows": rows,
                "spare": spare,
                "blank": blank,
                "removed": self._removed(group),
                "show": as_json(group.shown_when),
                "hidden": not self.holds(group.shown_when),
                "editable": editable,
                "paste": paste_box(group, self.raw, self.given.pasted) if editable else {},
                "required": group.name in self.given.outcome.required,
                "notes": mark_safe("".join(text for _level, text in self.notes.get(group.name, ()))),  # noqa: S308
                "error": self.given.errors.get(group.name, ""),
            }
        )

    def _spare(self, group: Group, rows: list[_Row], template: str) -> _Row:
        """Return an empty row for one more, so that a page without scripts has it too."""
        free = max((int(row.prefix.rsplit("-", 1)[1]) + 1 for row in rows), default=0)
        cells = self._cells(group, None, free, template)
        return _Row(f"{group.name}-{free}", "", "", str(len(rows) + 1), "", cells)

    def _rows(self, group: Group) -> list[AnswerRow]:
        """Return the rows to draw; a group that is not asked yet shows how it begins once it is."""
        rows = list(self.given.outcome.groups.get(group.name, []))
        if group.keyed_by and self.given.editable:
            return [*rows, *offered_again(group, rows, self.raw)]
        if rows or not self.given.editable or self.asks(group):
            return rows
        return [{key: row[key] for key in row if key != "missing"} for row in rows_begun(group)]

    def asks(self, group: Group) -> bool:
        """Say whether the group is asked by the answers on the page."""
        return self.holds(self.form.placed[group.name].shown_when) and self.holds(group.shown_when)

    def _removed(self, group: Group) -> list[tuple[str, str]]:
        """Return the rows marked for removal, so that sending the page again still removes them."""
        marks = re.compile(rf"({re.escape(group.name)}-\d+)-remove")
        prefixes = [
            match[1]
            for name in self.given.raw
            if (match := marks.fullmatch(name)) and first_text(self.given.raw, name)
        ]
        pairs = ((prefix, first_text(self.given.raw, f"{prefix}-position")) for prefix in prefixes)
        return [(prefix, position) for prefix, position in pairs if position]

    def _row(self, group: Group, row: AnswerRow, index: int, template: str) -> _Row:
        names = (self.given.names.get(f"{group.name}.{row['position']}.{name}") for name in group.questions)
        known = next((name for name in names if name), f"{group.name}-{index}-")
        at = row["place"] if "place" in row else int(known.split("-")[1])
        saved = first_text(self.raw, f"{group.name}-{at}-position")
        return _Row(
            f"{group.name}-{at}",
            str(row["row_id"]),
            saved,
            str(index + 1),
            self._fixed_title(group, row),
            self._cells(group, row, at, template),
            begins="missing" not in row,
            balloons=self.at_row(f"{group.name}.{saved}", f"{group.title} {saved}") if saved else "",
        )

    def _fixed_title(self, group: Group, row: AnswerRow) -> str:
        if group.row_title:
            return group.row_title % {"number": row["position"]}
        given = (
            group.starts_with[row["position"] - 1]
            if group.fixed and row["position"] <= len(group.starts_with)
            else {}
        )
        return " · ".join(
            f"{group.questions[name].text}: {messages.display(group.questions[name], value, zone=self.given.zone)}"
            for name, value in given.items()
        )

    def _cells(self, group: Group, row: AnswerRow | None, index: int | str, template: str) -> SafeString:
        position = row["position"] if row else 0
        number = index + 1 if isinstance(index, int) else "__number__"
        cells: list[str] = []
        for question in group.drawn:
            if row and question.name == group.keyed_by and row.get(question.name) is not None:
                cells.append(key_cell(group, row, index, zone=self.given.zone, language=self.language))
                continue
            if row and self._is_given(group, row, question):
                if template == "cell":
                    text = messages.display(question, row[question.name], zone=self.given.zone)
                    cells.append(partial("fixed_cell", self.language) % {"text": escape(text)})
                continue
            spot = FieldView(
                question,
                f"{group.name}.{position}.{question.name}",
                f"{group.name}-{index}-{question.name}",
                row or {},
                template,
                _("{question}, row {number}").format(question=question.text, number=number),
                blank=row is None or "missing" not in row,
            )
            cells.append(self.question(spot))
        return mark_safe("".join(cells))  # noqa: S308 - made of escaped parts

    def _is_given(self, group: Group, row: AnswerRow, question: Question) -> bool:
        start = group.starts_with[row["position"] - 1] if row["position"] <= len(group.starts_with) else {}
        return group.fixed and question.name in start
