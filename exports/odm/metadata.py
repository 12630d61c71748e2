"""The definitions of the study: schedule, forms, item groups, items, code lists, conditions, methods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import override

from crf import catalogue
from crf.engine.codebook import former_words, said_of
from crf.engine.declaration import FormDeclaration, Repeats
from crf.engine.messages import number_text, range_text
from crf.engine.questions import Question, QuestionKind, Range
from exports.formats.short_names import short_name
from exports.odm.conditions import ExceptionCondition, not_asked, other_arm
from exports.odm.elements import XML_LANG, Elements, Text, in_languages, lazily
from exports.odm.study import (
    STUDY_OID,
    CodeListOfFile,
    Item,
    ItemGroup,
    StudyEvent,
    code_lists,
    form_oid,
    item_groups,
    metadata_oid,
    study_events,
)
from exports.sdtm.targets import target_of
from exports.tables import STUDY
from kernel.punctuation import listed
from protocol.text import ProtocolText, load, versions

TYPES: Final = {
    QuestionKind.INTEGER: "integer",
    QuestionKind.DECIMAL: "float",
    QuestionKind.TEXT: "text",
    QuestionKind.CHOICE: "text",
    QuestionKind.MULTIPLE: "integer",
    QuestionKind.DATE: "date",
    QuestionKind.PARTIAL_DATE: "partialDate",
    QuestionKind.DATETIME: "datetime",
    QuestionKind.BOOLEAN: "boolean",
}
DIGITS: Final = 14  # of every number with decimal places, as the database keeps it
CHOICES: Final = "1"


def whose_words() -> str:
    """Say of which version of the protocol the words of forms, questions and answers are (ADR 39)."""
    said = _(
        "Forms, questions and answers are worded as under version {version} of the protocol. Records begun"
        " under an earlier version keep the words of theirs, told beside those of now."
    )
    return said.format(version=versions()[-1])


class StudyMetadata:
    """The definitions of these forms in one version of the standard."""

    def __init__(self, elements: Elements, codes: list[str]) -> None:
        self.elements, self.codes = elements, codes
        self.events = study_events(codes)
        self.groups = [group for code in codes for group in item_groups(code)]
        self.conditions: dict[str, ExceptionCondition] = {}
        self.methods: dict[str, tuple[str, Text]] = {}

    def element(self) -> Any:
        """Return the element Study."""
        make, text = self.elements.make, load(versions()[-1])
        title = text.fact("title_public").text
        if self.elements.is_20:
            said = {"OID": STUDY_OID, "StudyName": STUDY, "ProtocolName": STUDY, "VersionID": versions()[-1]}
            return make("Study", said, [self._bilingual("Description", title), self._version(text)])
        variables = [
            make("StudyName", text=STUDY),
            make("StudyDescription", text=title.en if title else STUDY),
            make("ProtocolName", text=STUDY),
        ]
        return make(
            "Study",
            {"OID": STUDY_OID},
            [make("GlobalVariables", children=variables), self._basics(), self._version(text)],
        )

    def _version(self, text: ProtocolText) -> Any:
        parts = [
            self._protocol(text),
            *self._event_groups(text),
            *map(self._event, self.events),
            *(() if self.elements.is_20 else map(self._form_132, self.codes)),
            *self._item_groups(),
            *(self._item(item) for group in self.groups for item in group.items),
            *map(self._code_list, code_lists(self.codes)),
        ]
        parts += [*map(self._condition, self.conditions.values()), *self._methods()]
        said = {"OID": metadata_oid(), "Name": f"{STUDY} {versions()[-1]}"}
        if self.elements.is_20:
            return self.elements.make(
                "MetaDataVersion", said, [self.elements.description(whose_words), *parts]
            )
        with override("en"):
            return self.elements.make("MetaDataVersion", {**said, "Description": whose_words()}, parts)

    def _basics(self) -> Any:
        units = {unit_oid(item.question): item.question for group in self.groups for item in group.items}
        make = self.elements.make
        measured = [
            make(
                "MeasurementUnit",
                {"OID": oid, "Name": in_languages(lazily(question.unit))["en"]},
                [self.elements.translated("Symbol", lazily(question.unit))],
            )
            for oid, question in sorted(units.items())
            if oid
        ]
        return make("BasicDefinitions", children=measured)

    def _protocol(self, text: ProtocolText) -> Any:
        make = self.elements.make
        if self.elements.is_20:
            arms = [
                make(
                    "Arm",
                    {"OID": f"ARM.{arm.code}", "Name": arm.code},
                    [self._bilingual("Description", arm.label)],
                )
                for arm in text.arms
            ]
            groups = [
                make(
                    "StudyEventGroupRef",
                    {"StudyEventGroupOID": oid, "OrderNumber": number, "Mandatory": "Yes"},
                )
                for number, (oid, _name, _arm) in enumerate(self._arm_groups(text), start=1)
            ]
            return make("Protocol", children=[make("StudyStructure", children=arms), *groups])
        return make("Protocol", children=map(self._event_ref, self.events, range(1, len(self.events) + 1)))

    def _arm_groups(self, text: ProtocolText) -> list[tuple[str, str, str]]:
        """Return the groups of events: those of both arms, and those of one."""
        return [
            ("SEG.ALL", "Both arms", ""),
            *((f"SEG.ARM.{arm.code}", f"Arm {arm.code}", arm.code) for arm in text.arms),
        ]

    def _event_groups(self, text: ProtocolText) -> Iterator[Any]:
        if not self.elements.is_20:
            return
        for oid, name, arm in self._arm_groups(text):
            own = [event for event in self.events if _arm_of(event) == arm]
            refs = [self._event_ref(event, number) for number, event in enumerate(own, start=1)]
            said = {"OID": oid, "Name": name, "ArmOID": f"ARM.{arm}" if arm else None}
            if refs:
                yield self.elements.make("StudyEventGroupDef", said, refs)

    def _event_ref(self, event: StudyEvent, number: int) -> Any:
        arm = _arm_of(event)
        exception = self._excepted(other_arm(arm)) if arm else None
        return self.elements.make(
            "StudyEventRef",
            {
                "StudyEventOID": event.oid,
                "OrderNumber": number,
                "Mandatory": "Yes" if event.kind == "Scheduled" else "No",
                "CollectionExceptionConditionOID": exception,
            },
        )

    def _event(self, event: StudyEvent) -> Any:
        make, order = self.elements.make, 0
        refs = []
        for forms, mandatory in ((event.forms, "Yes"), (event.others, "No")):
            for code in forms:
                order += 1
                said = {"OrderNumber": order, "Mandatory": mandatory}
                name, oid = (
                    ("ItemGroupRef", "ItemGroupOID") if self.elements.is_20 else ("FormRef", "FormOID")
                )
                refs.append(make(name, {oid: form_oid(code), **said}))
        said = {"OID": event.oid, "Name": event.name, "Repeating": _yes(event.repeats), "Type": event.kind}
        return make(
            "StudyEventDef",
            {**said, "Category": event.series},
            [self._told("Description", event.title), *refs],
        )

    def _form_132(self, code: str) -> Any:
        form = catalogue.form(code)
        refs = [self._group_ref(group, number) for number, group in enumerate(item_groups(code), start=1)]
        said = {"OID": form_oid(code), "Name": code, "Repeating": _yes(form.repeats == Repeats.LOG)}
        return self.elements.make(
            "FormDef", said, [self.elements.description(partial(_form_title, form)), *refs]
        )

    def _group_ref(self, group: ItemGroup, number: int) -> Any:
        exception = None
        if group.shown_when:
            where = f"{group.form.code}.{group.name}"
            exception = self._excepted(not_asked(group.form, where, group.shown_when))
        said = {"ItemGroupOID": group.oid, "OrderNumber": number, "Mandatory": "No" if exception else "Yes"}
        return self.elements.make("ItemGroupRef", {**said, "CollectionExceptionConditionOID": exception})

    def _item_groups(self) -> Iterator[Any]:
        if self.elements.is_20:
            for code in self.codes:
                yield self._form_20(code)
        for group in self.groups:
            refs = [self._item_ref(group, item, number) for number, item in enumerate(group.items, start=1)]
            said: dict[str, Any] = {"OID": group.oid, "Name": f"{group.form.code} {group.name}"}
            if self.elements.is_20:
                said |= {
                    "Repeating": "Simple" if group.repeats else "No",
                    "Type": "Concept" if group.repeats else "Section",
                }
            else:
                said |= {"Repeating": _yes(group.repeats), "SASDatasetName": short_name(group.items[0].file)}
            yield self.elements.make("ItemGroupDef", said, [self.elements.description(group.title), *refs])

    def _form_20(self, code: str) -> Any:
        form = catalogue.form(code)
        refs = [self._group_ref(group, number) for number, group in enumerate(item_groups(code), start=1)]
        repeating = "Simple" if form.repeats == Repeats.LOG else "No"
        said = {"OID": form_oid(code), "Name": code, "Repeating": repeating, "Type": "Form"}
        return self.elements.make(
            "ItemGroupDef", said, [self.elements.description(partial(_form_title, form)), *refs]
        )

    def _item_ref(self, group: ItemGroup, item: Item, number: int) -> Any:
        question, exception, method = item.question, None, None
        if question.shown_when and question.shown_when != group.shown_when:
            where = ".".join(part for part in (item.form, item.group, question.export) if part)
            exception = self._excepted(not_asked(group.form, where, question.shown_when, item.group))
        if question.derived:
            method = f"MT.{item.oid.removeprefix('IT.')}"
            self.methods[method] = (item.name, partial(_how, question))
        return self.elements.make(
            "ItemRef",
            {
                "ItemOID": item.oid,
                "OrderNumber": number,
                "Mandatory": _yes(question.required),
                "CollectionExceptionConditionOID": exception,
                "MethodOID": method,
            },
        )

    def _excepted(self, exception: ExceptionCondition) -> str:
        self.conditions[exception.oid] = exception
        return exception.oid

    def _item(self, item: Item) -> Any:
        question = item.question
        kind = "integer" if item.choice else TYPES[question.kind]
        if self.elements.is_20 and kind == "float":
            kind = "decimal"
        said: dict[str, Any] = {"OID": item.oid, "Name": item.name, "DataType": kind}
        said["Length"] = _length(item)
        if not self.elements.is_20:
            places = question.places if question.kind == QuestionKind.DECIMAL else None
            said |= {"SignificantDigits": places, "SASFieldName": short_name(item.file, item.name)}
            said["Origin"] = "Derived" if question.derived else "CRF"
        return self.elements.make(
            "ItemDef",
            said,
            [
                self.elements.description(partial(_helped, question)),
                self.elements.translated("Question", item.label),
                self._unit_ref(question),
                *self._range_checks(question),
                self.elements.make("CodeListRef", {"CodeListOID": f"CL.{item.codes.name}"})
                if item.codes
                else None,
                *self.elements.aliases(self._other_names(item)),
            ],
        )

    def _other_names(self, item: Item) -> dict[str, str]:
        question, file = item.question, "_".join(filter(None, (item.form, item.group.upper())))
        names = {"CDASH": question.cdash, "SDTM": target_of(file, question.export)}
        return (
            {**names, "UNIT": in_languages(lazily(question.unit)).get("en", "")}
            if self.elements.is_20
            else names
        )

    def _unit_ref(self, question: Question) -> Any | None:
        oid = "" if self.elements.is_20 else unit_oid(question)
        return self.elements.make("MeasurementUnitRef", {"MeasurementUnitOID": oid}) if oid else None

    def _range_checks(self, question: Question) -> Iterator[Any]:
        for bounds, hardness in ((question.soft, "Soft"), (question.hard, "Hard")):
            for comparator, limit in zip(("GE", "LE"), bounds or (), strict=False):
                if limit is not None:
                    message = partial(_out_of_range, question, bounds)
                    yield self.elements.make(
                        "RangeCheck",
                        {"Comparator": comparator, "SoftHard": hardness},
                        [
                            self.elements.make("CheckValue", text=number_text(limit)),
                            self._unit_ref(question),
                            self.elements.translated("ErrorMessage", message),
                        ],
                    )

    def _code_list(self, each: CodeListOfFile) -> Any:
        items = [
            self.elements.make(
                "CodeListItem",
                {"CodedValue": code, "OrderNumber": number},
                [self.elements.translated("Decode", label)],
            )
            for number, (code, label) in enumerate(each.labels.items(), start=1)
        ]
        said = {"OID": each.oid, "Name": each.name, "DataType": "integer" if each.is_number else "text"}
        return self.elements.make("CodeList", said, items)

    def _condition(self, condition: ExceptionCondition) -> Any:
        return self.elements.make(
            "ConditionDef",
            {"OID": condition.oid, "Name": condition.name},
            [
                self.elements.description(condition.text),
                *self.elements.signature_of_method(),
                self.elements.expression(condition.rule),
            ],
        )

    def _methods(self) -> Iterator[Any]:
        for oid, (name, text) in self.methods.items():
            parts = [self.elements.description(text), *self.elements.signature_of_method()]
            yield self.elements.make("MethodDef", {"OID": oid, "Name": name, "Type": "Computation"}, parts)

    def _bilingual(self, name: str, text: Any) -> Any:
        return self._told(name, {"en": text.en, "zh-Hans": text.zh})

    def _told(self, name: str, said: Any) -> Any:
        kind = {"Type": "text/plain"} if self.elements.is_20 else {}
        texts = [
            self.elements.make("TranslatedText", {XML_LANG: tag, **kind}, text=words)
            for tag, words in said.items()
        ]
        return self.elements.make(name, children=texts) if texts else None


def _yes(claim: bool) -> str:
    return "Yes" if claim else "No"


def _arm_of(event: StudyEvent) -> str:
    """Return the one arm that has the event, or nothing where both have it."""
    return event.arms[0] if len(event.arms) == 1 else ""


def unit_oid(question: Question) -> str:
    """Return the name of the unit of a question, or nothing where it has none."""
    unit = in_languages(lazily(question.unit)).get("en", "")
    return f"MU.{re.sub('[^A-Za-z0-9%/]', '_', unit)}" if unit else ""


def _length(item: Item) -> int | None:
    question = item.question
    if item.choice:
        return len(CHOICES)
    if item.codes:
        return max(map(len, item.codes.values))
    if question.kind == QuestionKind.TEXT:
        return question.max_length
    return DIGITS if question.kind == QuestionKind.DECIMAL else None


def _helped(question: Question) -> str:
    """Return what is said beside a question: its definition, its help, and what it was under earlier versions."""
    return " ".join(filter(None, [str(question.definition), *said_of(question)]))


def _form_title(form: FormDeclaration) -> str:
    return " ".join(filter(None, [str(form.title), former_words(form.formerly)]))


def _how(question: Question) -> str:
    """Return how an answer is computed: its definition, and from what."""
    read = _("Computed by the program from: {answers}").format(answers=listed(question.reads) or "–")
    return " ".join(part for part in (_helped(question), read) if part)


def _out_of_range(question: Question, bounds: Range | None) -> str:
    return _("Expected: {range}").format(range=range_text(bounds, question.unit))
