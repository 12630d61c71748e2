"""From an ODM file back into the study: export, import, export gives the same; what is no such file is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from lxml import etree

from crf import catalogue
from crf.engine.submission import Answers
from crf.models import Record
from crf.records.save import save_answers
from crf.store.records import NEW, record_key_of
from exports.cuts import Cut
from exports.odm.elements import OdmVersion
from exports.odm.importing import (
    MayNotImport,
    RecordNotTaken,
    StudyHasAnswers,
    UnknownParticipant,
    import_odm,
)
from exports.odm.reading import (
    DocumentTypeRefused,
    NoOdmFile,
    OdmVersionUnknown,
    OtherStudy,
    SnapshotNeeded,
    UnknownOid,
)
from exports.odm.streams import ExportScope
from exports.odm.writing import OdmContent, write_odm
from followup.models import Visit
from followup.services import plan_visits_for
from kernel.errors import Refusal
from tests.integration.crf.conftest import Save, everything, make_operated, save
from tests.integration.crf.test_consequences import numbered
from tests.integration.exports.test_odm import flags, named, value_of
from tests.unit.crf.examples import demographics, laboratory, medication
from tests.world import NOW, World, screen
from trials.models import Participant

__all__ = ["everything", "save"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everything")]
CHAPTERS = ("3.0",)
FORMS = list(catalogue.forms())
CHINESE = "食管鳞状细胞癌，“疑似”复发\n第二行 𠮷 <&>"


def odm(version: OdmVersion = OdmVersion.V132, **said: bool) -> bytes:
    target = io.BytesIO()
    scope_of = ExportScope(Cut(at=NOW, is_past=False), ("01", "02"))
    write_odm(target, content=OdmContent(version, **said), forms=FORMS, scope=scope_of)
    return target.getvalue()


def content(file: bytes) -> dict[Any, tuple[str | None, str]]:
    """The clinical data of a snapshot: each answer by all its keys."""
    answers = {}
    for item in named(etree.fromstring(file), "ItemData"):
        path = [
            tuple(sorted((k, v) for k, v in each.attrib.items() if k.endswith(("OID", "Key"))))
            for each in (item, *item.iterancestors())
        ]
        answers[tuple(path)] = (value_of(item), flags(item).get("MISSING", ""))
    return answers


def fill(world: World, save: Save, people: list[Participant]) -> None:
    """All kinds of answers: numbers, codes, several codes, texts, days, days known in part, instants, reasons, rows."""
    first, second = people
    values = {name: value for name, value in demographics.VALUES.items() if name != "kps"}
    save(first, "DM", values=values, groups=numbered(demographics.GROUPS), missing={"kps": "ND"})
    save(second, "DM", values=demographics.VALUES, groups=numbered(demographics.GROUPS))
    save(first, "MH", values={"mh_text": CHINESE, "mh_start": "2019-05", "mh_ongo": "Y"})
    gout = {"mh_text": "gout", "mh_start": "2018", "mh_ongo": "N", "mh_end": "2019-03-02"}
    key = record_key_of(participant=first, form="MH", sequence=NEW)
    save_answers(record_key=key, answers=Answers(gout), version=NEW, by=world.coordinator, at=NOW)
    save(first, "CM", values=medication.VALUES)
    visit = Visit.objects.filter(participant=second, code="SCR").first()
    assert visit
    save(second, "LB", values=laboratory.VALUES, groups=numbered(laboratory.ROWS), visit=visit)


@pytest.fixture
def people(world: World) -> list[Participant]:
    """Two participants: one in screening, one operated, with their visits."""
    first = screen(world, signed_on=date(2026, 4, 28))
    second = make_operated(screen(world, signed_on=date(2026, 1, 5)))
    for person in (first, second):
        plan_visits_for(participant=person, by=None, at=NOW)
    return [first, second]


class TakeBackError(Exception):
    """What was done inside is undone."""


_files: dict[OdmVersion, bytes] = {}  # every test begins with the same two participants


@pytest.fixture
def exported(world: World, save: Save, people: list[Participant]) -> Callable[[OdmVersion], bytes]:
    """The file of a filled study, which has no answers afterwards."""

    def export(version: OdmVersion) -> bytes:
        if version in _files:
            return _files[version]
        try:
            with transaction.atomic():
                fill(world, save, people)
                file = odm(version)
                raise TakeBackError
        except TakeBackError:
            assert not Record.objects.exists()
            _files[version] = file
            return file

    return export


def laid(tmp_path: Path, file: bytes) -> Path:
    path = tmp_path / "odm.xml"
    path.write_bytes(file)
    return path


@pytest.mark.parametrize("version", OdmVersion)
def test_export_import_export_is_the_same_clinical_data(
    world: World, exported: Callable[[OdmVersion], bytes], tmp_path: Path, version: OdmVersion
) -> None:
    file = exported(version)
    before = content(file)
    said = {value for value, _why in before.values()}
    assert {CHINESE, "2019-05", "2018", "2019-03-02"} <= said
    assert "ND" in {why for _value, why in before.values()}
    done = import_odm(source=laid(tmp_path, file), by=world.trial_manager, at=NOW)
    assert (done.participants, done.records) == (2, Record.objects.count())
    assert content(odm(version)) == before
    assert Record.objects.filter(form_code="MH").count() == 2
    saves = Record.objects.first().act
    while saves.parent:
        saves = saves.parent
    assert (saves.verb, saves.by, done.digest in saves.reason) == (
        "exports:odm:import",
        world.trial_manager,
        True,
    )


def changed(file: bytes, old: str, new: str) -> bytes:
    assert old.encode() in file
    return file.replace(old.encode(), new.encode())


ENTITIES = "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
LAUGHS = f'<!DOCTYPE ODM [<!ENTITY a "aaaaaaaaaa">{ENTITIES}]><ODM x="&h;">&h;</ODM>'
OUTSIDE = '<!DOCTYPE ODM [<!ENTITY x SYSTEM "file:///etc/passwd">]><ODM>&x;</ODM>'
EVERY_VERSION = ('FileType="Snapshot"', 'FileType="Transactional"')


@pytest.mark.parametrize(
    ("what", "refusal", "words"),
    [
        (LAUGHS, DocumentTypeRefused, "document type"),
        (OUTSIDE, DocumentTypeRefused, "document type"),
        ("<!DOCTYPE ODM><ODM/>", DocumentTypeRefused, "document type"),
        ("not xml", NoOdmFile, "not ODM-XML"),
        ("<html/>", NoOdmFile, "begins with “html”"),
        (("IT.DM.WEIGHT", "IT.DM.MASS"), UnknownOid, "no “IT.DM.MASS”"),
        (('FormOID="F.MH"', 'FormOID="F.HM"'), UnknownOid, "no “F.HM”"),
        (('"SE.SCR"', '"SE.DAY-1"'), UnknownOid, "no “SE.DAY-1”"),
        (('CodeListOID="CL.FLAG.MISSING">ND<', 'CodeListOID="CL.FLAG.MISSING">XX<'), UnknownOid, "no “XX”"),
        (('StudyOID="ST.PALACE-3"', 'StudyOID="ST.OTHER"'), OtherStudy, "of ST.OTHER"),
        (('ODMVersion="1.3.2"', 'ODMVersion="1.2"'), OdmVersionUnknown, "ODM “1.2”"),
        (EVERY_VERSION, SnapshotNeeded, "every version"),
        (('SubjectKey="01-0001"', 'SubjectKey="01-0099"'), UnknownParticipant, "no participant 01-0099"),
        (
            ('ItemOID="IT.DM.WEIGHT" Value="62.5"', 'ItemOID="IT.DM.WEIGHT" Value="heavy"'),
            RecordNotTaken,
            "01-0001",
        ),
        (
            ('FormOID="F.CM" FormRepeatKey="1"', 'FormOID="F.CM" FormRepeatKey="7"'),
            RecordNotTaken,
            "number 1",
        ),
    ],
)
def test_what_is_no_snapshot_of_this_study_is_refused_with_a_sentence(
    world: World,
    exported: Callable[[OdmVersion], bytes],
    tmp_path: Path,
    what: str | tuple[str, str],
    refusal: type[Refusal],
    words: str,
) -> None:
    file = what.encode() if isinstance(what, str) else changed(exported(OdmVersion.V132), *what)
    with pytest.raises(refusal, match=words):
        import_odm(source=laid(tmp_path, file), by=world.trial_manager, at=NOW)
    assert not Record.objects.exists()


def test_only_an_empty_study_takes_a_file_and_only_from_who_sets_up_the_trial(
    world: World, save: Save, people: list[Participant], tmp_path: Path
) -> None:
    fill(world, save, people)
    path = laid(tmp_path, odm())
    with pytest.raises(MayNotImport):
        import_odm(source=path, by=world.coordinator, at=NOW)
    number = Record.objects.count()
    with pytest.raises(StudyHasAnswers, match=f"{number} records"):
        import_odm(source=path, by=world.trial_manager, at=NOW)
    with pytest.raises(CommandError, match="records already"):
        call_command("import_odm", str(path), "--as", "trial_manager")
    assert Record.objects.count() == number
