"""The trial as ODM-XML: valid by CDISC's schemas, whole against the tables, with who, when and why of each change.

The schemas are those that odmlib ships.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import odmlib
import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase, override_settings
from lxml import etree
from odmlib import odm_loader
from odmlib.loader import ODMLoader

from accounts.models import User
from crf import catalogue
from crf.engine.questions import QuestionKind
from crf.models import Query, Record, RecordSignature
from exports.cuts import Cut
from exports.odm.elements import OdmVersion
from exports.odm.streams import ExportScope, counted_records
from exports.odm.study import item_groups, items_of, leaves
from exports.odm.writing import OdmContent, write_odm
from kernel.scope import EVERYTHING, scope
from protocol.text import versions
from tests.clock import clock_at
from tests.demo_trial import UNTIL, played_trial

CHAPTERS = ("3.0",)
SCHEMAS = Path(odmlib.__file__).parent / "schemas" / "odm"
SCHEMA_OF = {OdmVersion.V132: "1.3.2/ODM1-3-2.xsd", OdmVersion.V20: "2.0/ODM.xsd"}
HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
FORMS = list(catalogue.forms())
Tree = Any


def schema(version: OdmVersion) -> Any:
    return etree.XMLSchema(etree.parse(SCHEMAS / SCHEMA_OF[version]))


def odm(version: OdmVersion, *, cut: Cut | None = None, **said: bool) -> bytes:
    """The file of the whole trial, as of now unless a cut is named."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        chosen = ExportScope(cut or Cut(at=UNTIL, is_past=False), ("01", "02"))
        target = io.BytesIO()
        content = OdmContent(version, **said)
        written = write_odm(target, content=content, forms=FORMS, scope=chosen)
        if content.clinical:
            assert written == counted_records(chosen, FORMS) > 0
        return target.getvalue()


@dataclass
class Told:
    """The files of the played trial, and what its tables say, counted without them."""

    files: dict[tuple[OdmVersion, str], bytes]
    again: dict[tuple[OdmVersion, str], bytes]
    answers: Counter[tuple[str, str, str]]
    changed: int
    corrected: int
    signed: int
    standing: int
    queries: Counter[str]
    people: set[str]
    names: set[str]


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Two sites have worked for two years, six participants; it is played and read once for all tests."""
    media = tmp_path_factory.mktemp("media")
    with (
        django_db_blocker.unblock(),
        clock_at(UNTIL),
        override_settings(MEDIA_ROOT=media, PASSWORD_HASHERS=HASHERS),
    ):
        try:
            with played_trial():
                read = _read()
        finally:
            TransactionTestCase()._fixture_teardown()
    return read


def _read() -> Told:
    files, again = {}, {}
    for version in OdmVersion:
        files[version, "definitions"] = odm(version, clinical=False)
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            at = cursor.fetchone()[0]
        for name, every in (("snapshot", False), ("versions", True)):
            files[version, name] = odm(version, cut=Cut(at=at, is_past=False), every_version=every)
            again[version, name] = odm(version, cut=Cut(at=at), every_version=every)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        changed, corrected = _changes_in_the_tables()
        people = User.objects.values_list("username", "display_name", "email")
        return Told(
            files,
            again,
            _answers_in_the_tables(),
            changed,
            corrected,
            RecordSignature.objects.count(),
            RecordSignature.objects.filter(fell_at=None).count(),
            Counter(Query.objects.values_list("state", flat=True)),
            set(Record.objects.values_list("participant__number", flat=True)),
            {name for each in people for name in each if len(name) > 3},
        )


@pytest.fixture(params=list(OdmVersion), ids=lambda version: version.value)
def version(request: pytest.FixtureRequest) -> OdmVersion:
    return OdmVersion(request.param)


@pytest.fixture
def snapshot(version: OdmVersion, told: Told) -> Tree:
    return etree.fromstring(told.files[version, "snapshot"])


@pytest.fixture
def every_version(version: OdmVersion, told: Told) -> Tree:
    return etree.fromstring(told.files[version, "versions"])


def named(tree: Tree, name: str) -> list[Any]:
    return list(tree.iter(f"{{{etree.QName(tree).namespace}}}{name}"))


def value_of(item: Any) -> str | None:
    """The value of an item, as either version spells it."""
    values = [each for each in item if etree.QName(each).localname == "Value"]
    return item.get("Value") if item.get("Value") is not None else (values[0].text or "" if values else None)


def flags(element: Any) -> dict[str, str]:
    said = {}
    for annotation in element:
        for flag in annotation if etree.QName(annotation).localname == "Annotation" else ():
            if etree.QName(flag).localname == "Flag":
                value, kind = flag
                said[kind.text] = value.text
    return said


def test_each_file_is_valid_by_the_schema_of_its_version(
    version: OdmVersion, told: Told, snapshot: Tree, every_version: Tree
) -> None:
    checked = schema(version)
    definitions = etree.fromstring(told.files[version, "definitions"])
    for tree in (definitions, snapshot, every_version):
        checked.validate(tree)
        assert not [str(fault) for fault in checked.error_log][:5]
    assert not named(definitions, "ClinicalData")
    assert [tree.get("FileType") for tree in (snapshot, every_version)] == ["Snapshot", "Transactional"]


def test_odmlib_reads_what_was_written(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "odm.xml"
    path.write_bytes(told.files[OdmVersion.V132, "snapshot"])
    reader = ODMLoader(odm_loader.XMLODMLoader())
    reader.open_odm_document(str(path))
    study = reader.load_odm()
    assert told.people <= {subject.SubjectKey for subject in study.ClinicalData[0].SubjectData}
    assert len(study.Study[0].MetaDataVersion[0].FormDef) == len(FORMS)


def test_every_reference_is_defined_and_every_code_is_in_its_list(
    snapshot: Tree, every_version: Tree
) -> None:
    definitions = named(snapshot, "MetaDataVersion")[0]
    codes = {
        each.get("OID"): {item.get("CodedValue") for item in named(each, "CodeListItem")}
        for each in named(definitions, "CodeList")
    }
    list_of = {
        item.get("OID"): ref.get("CodeListOID")
        for item in named(definitions, "ItemDef")
        for ref in named(item, "CodeListRef")
    }
    oids = {each.get("OID") for each in snapshot.iter() if each.get("OID")}
    checked = 0
    for tree in (snapshot, every_version):
        for element in tree.iter(etree.Element):
            for name, value in element.attrib.items():
                if name.endswith("OID") and name not in ("OID", "FileOID"):
                    assert value in oids, (element.tag, name, value)
        for flag in named(tree, "FlagValue"):
            assert flag.text in codes[flag.get("CodeListOID")]
        for item in named(tree, "ItemData"):
            said, listed = value_of(item), list_of.get(item.get("ItemOID"))
            if said is not None and listed:
                checked += 1
                assert said in codes[listed], (item.get("ItemOID"), said)
    assert checked > 1000


def test_point_06_the_definitions_say_whose_words_they_hold(told: Told) -> None:
    said = f"worded as under version {versions()[-1]} of the protocol"
    of_20, of_132 = (
        etree.fromstring(told.files[each, "definitions"]) for each in (OdmVersion.V20, OdmVersion.V132)
    )
    assert said in named(of_132, "MetaDataVersion")[0].get("Description")
    places = {each.get("Name") for each in named(of_132, "Alias") if each.get("Context") == "SDTM"}
    assert {"RSORRES (CTCAT)", "SUPPDM.ETHNICCN"} <= places  # as the data sets are made
    in_english, in_chinese = (each.text for each in named(of_20, "MetaDataVersion")[0][0])
    assert (said in in_english, versions()[-1] in in_chinese) == (True, True)


def test_every_text_is_there_in_both_languages(snapshot: Tree) -> None:
    tongue = "{http://www.w3.org/XML/1998/namespace}lang"
    for parent in ("Decode", "Question", "Description", "Symbol"):
        for element in named(named(snapshot, "Study")[0], parent):
            texts = {each.get(tongue): each.text for each in element}
            assert set(texts) == {"en", "zh-Hans"}, etree.tostring(element)
            assert all(texts.values()), etree.tostring(element)
    questions = [{each.get(tongue): each.text for each in one} for one in named(snapshot, "Question")]
    assert sum(one["en"] != one["zh-Hans"] for one in questions) > 0.9 * len(questions)


def _tables() -> Iterator[tuple[str, str, Any, Any]]:
    """Each form and each of its tables, with the questions whose answers leave."""
    for code in FORMS:
        form = catalogue.form(code)
        yield code, "", form.model, {name: each for name, each in form.questions.items() if leaves(each)}
        for group in form.groups.values():
            yield code, group.name, group.model, {k: q for k, q in group.questions.items() if leaves(q)}


def _answers_in_the_tables() -> Counter[tuple[str, str, str]]:
    stands: Counter[tuple[str, str, str]] = Counter()
    for code, group, model, asked in _tables():
        for row in model.objects.filter(removed=False) if group else model.objects.all():
            for name, question in asked.items():
                why = row.missing.get(name, "")
                stated = _stated(row, name, question, code, group)
                stands.update((oid, why, "" if why else _plain(value)) for oid, value in stated.items())
    return stands


def _plain(value: Any) -> str:
    """A value as text; instants of all zones alike."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds")
        case Decimal():
            return f"{value:f}"
    return str(value)


def test_the_snapshot_holds_each_answer_and_missing_reason_of_the_tables(told: Told, snapshot: Tree) -> None:
    instants = {
        item.oid
        for code, group, _model, asked in _tables()
        for question in asked.values()
        if question.kind == QuestionKind.DATETIME
        for item in items_of(code, group, question)
    }
    written: Counter[tuple[str, str, str]] = Counter()
    for item in named(snapshot, "ItemData"):
        oid, value, why = item.get("ItemOID"), value_of(item), flags(item).get("MISSING", "")
        if value is not None or why:
            spelled = _plain(datetime.fromisoformat(value)) if value and oid in instants else value or ""
            written[oid, why, spelled] += 1
    assert instants
    assert written == told.answers
    assert sum(told.answers.values()) > 5000


def _key(element: Any) -> tuple[Any, ...]:
    """Whose answer an item is: every key from the participant down to the item."""
    parts = []
    for each in (element, *element.iterancestors()):
        for name in ("ItemOID", "ItemGroupOID", "FormOID", "StudyEventOID", "SubjectKey"):
            if each.get(name):
                repeat = next((v for k, v in each.attrib.items() if k.endswith("RepeatKey")), "")
                parts.append((each.get(name), repeat))
    return tuple(parts)


def test_playing_every_version_again_gives_the_snapshot(snapshot: Tree, every_version: Tree) -> None:
    stands: dict[Any, tuple[str | None, str]] = {}
    for element in every_version.iter(etree.Element):
        name, kind = etree.QName(element).localname, element.get("TransactionType")
        if name == "ItemGroupData" and kind == "Remove":
            gone = _key(element)
            stands = {key: value for key, value in stands.items() if key[1 : 1 + len(gone)] != gone}
        if name == "ItemData":
            if kind == "Remove":
                del stands[_key(element)]
            else:
                assert (_key(element) in stands) == (kind == "Update"), (kind, _key(element))
                stands[_key(element)] = (value_of(element), flags(element).get("MISSING", ""))
    once = {
        _key(item): (value_of(item), flags(item).get("MISSING", ""))
        for item in named(snapshot, "ItemData")
        if value_of(item) is not None or "MISSING" in flags(item)
    }
    assert stands == once


def _changes_in_the_tables() -> tuple[int, int]:
    """How many items changed from one version of a row to the next, and how many of these were corrections."""
    counted = corrected = 0
    for code, group, model, asked in _tables():
        before: dict[int, Any] = {}
        events = model._meta.get_field("events").related_model.objects.order_by("pgh_obj_id", "pgh_id")
        for event in events:
            if group and event.removed:
                before.pop(event.pgh_obj_id, None)
                continue
            for name, question in asked.items():
                new = _stated(event, name, question, code, group)
                old = _stated(before.get(event.pgh_obj_id), name, question, code, group)
                differ = [key for key in new.keys() | old.keys() if new.get(key) != old.get(key)]
                counted += len(differ)
                corrected += 0 if question.derived else len(old.keys() & differ)
            before[event.pgh_obj_id] = event
    return counted, corrected


def _stated(row: Any, name: str, question: Any, code: str, group: str) -> dict[str, Any]:
    if row is None:
        return {}
    value, why = getattr(row, name), (row.missing or {}).get(name, "")
    if value in (None, []) and not why:  # nothing chosen of many is no answer, as in every other format
        return {}
    return {
        item.oid: why or (str(int(item.choice in value)) if item.choice else value)
        for item in items_of(code, group, question)
    }


def test_each_change_says_old_new_who_when_and_why(told: Told, every_version: Tree) -> None:
    last: dict[Any, tuple[str | None, str]] = {}
    derived = {
        item.oid
        for code in FORMS
        for group in item_groups(code)
        for item in group.items
        if item.question.derived
    }
    changed, silent = 0, []
    corrections = 0
    for element in every_version.iter(etree.Element):
        if etree.QName(element).localname != "ItemData":
            continue
        changed += 1
        key = _key(element)
        audit = next(each for each in element if etree.QName(each).localname == "AuditRecord")
        parts = {etree.QName(each).localname: each for each in audit}
        assert all([parts["UserRef"].get("UserOID"), parts["LocationRef"].get("LocationOID")])
        assert all([parts["DateTimeStamp"].text, parts["SourceID"].text.startswith("ACT.")])
        if element.get("TransactionType") != "Insert":
            old, new = last[key], (value_of(element), flags(element).get("MISSING", ""))
            assert old != new  # what was there before stands before, and is another
            if element.get("ItemOID") not in derived:
                corrections += 1
                if "ReasonForChange" not in parts:
                    silent.append(key)
        last[key] = value_of(element), flags(element).get("MISSING", "")
    assert changed == told.changed
    assert corrections == told.corrected > 0
    assert not silent


def test_signatures_and_queries_are_all_there(
    version: OdmVersion, told: Told, snapshot: Tree, every_version: Tree
) -> None:
    meanings = {each.get("OID"): each[0].text for each in named(snapshot, "SignatureDef")}
    assert all(meanings[ref.get("SignatureOID")] for ref in named(snapshot, "SignatureRef"))
    assert len(named(snapshot, "Signature")) == told.standing > 0
    assert len(named(every_version, "Signature")) == told.signed
    for tree in (snapshot, every_version):
        if version is OdmVersion.V20:
            states = Counter(each.get("State").lower() for each in named(tree, "Query"))
        else:
            states = Counter(
                flag.text
                for flag in named(tree, "FlagValue")
                if flag.get("CodeListOID") == "CL.FLAG.QUERYSTATE"
            )
        assert states == told.queries


def test_nobody_is_named(version: OdmVersion, told: Told) -> None:
    tree = etree.fromstring(told.files[version, "versions"])
    tree.remove(named(tree, "Study")[0])  # “monitor” is an answer of forms as well
    text = etree.tostring(tree, encoding="unicode")
    assert not [name for name in told.names if f">{name}<" in text or f'"{name}"' in text]


def test_a_past_moment_gives_the_file_of_that_moment_again(version: OdmVersion, told: Told) -> None:
    for name in ("snapshot", "versions"):
        assert told.again[version, name] == told.files[version, name]
