"""Issue point 4: the words of the sites are coded centrally; every dictionary here is made up (protocol 3.6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.utils import InternalError, ProgrammingError
from django.urls import reverse
from django.utils.translation import override

from audit.models import Act
from crf import catalogue
from crf.catalogue.adverse_event.form import AdverseEvent
from crf.catalogue.medication.form import Medication
from crf.coding.batch import CodingBatch, Tick
from crf.coding.items import coded_items
from crf.coding.releases import NoSuchRelease, NotTheCoder, find_terms, use_version
from crf.coding.services import (
    ClassNeeded,
    CodedAlready,
    NotInDictionary,
    RecordOfCodingLocked,
    WordsChanged,
    code_words,
    retire_synonym,
)
from crf.coding.worklist import count_uncoded, digest_of, uncoded_on
from crf.engine.submission import Answers
from crf.locks.conditions import conditions_of
from crf.locks.records import lock_record
from crf.locks.scope import LockScope
from crf.models import Coding, CodingSynonym, DictionaryRelease, Query, ReleasedTerm
from crf.page.coding import coded_answers, page_of_coding
from crf.records.save import save_answers
from crf.records.signing import sign_record, verify_record
from crf.store.records import NEW, find_stored_record, record_key_of
from tests.integration.crf.test_pages import client_of, form_url
from tests.made_up_dictionaries import MEDDRA, MEDDRA_NEXT, MEDDRA_ZH, WHODRUG, write_release
from tests.unit.crf.examples import medication
from tests.world import PASSWORD, TODAY, World
from trials.models import Participant

CHAPTERS = ("3.6",)
pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def load(folder: Path, texts: Any, **said: Any) -> str:
    out = StringIO()
    told = {"dictionary": "meddra", "release": "1.0", "licence": "Licence 7"} | said
    dictionary = told.pop("dictionary")
    where = write_release(folder / f"{dictionary}-{told['release']}-{said.get('language', 'en')}", texts)
    call_command("load_dictionary", dictionary, where, stdout=out, **told)
    return out.getvalue()


@pytest.fixture
def dictionaries(world: World, everything: None, tmp_path: Path) -> None:
    load(tmp_path, MEDDRA)
    load(tmp_path, WHODRUG, dictionary="whodrug", release="B3 1")
    for dictionary, version in (("meddra", "1.0"), ("whodrug", "B3 1")):
        use_version(dictionary=dictionary, version=version, by=world.coder, at=AT)


def event(person: Participant, world: World, words: str, *, sequence: int = NEW, **more: Any) -> AdverseEvent:
    """Save an adverse event in these words, a new one or the one with this number."""
    place = record_key_of(participant=person, form="AE", sequence=sequence)
    stored = find_stored_record(place) if sequence != NEW else None
    saved = save_answers(
        record_key=place,
        answers=Answers(values={"ae_term": words, **more}, reason="read again" if stored else ""),
        version=stored.record.version if stored else NEW,
        by=world.coordinator,
        at=AT,
    )
    return AdverseEvent.objects.get(pk=saved.record_id)


def drug(person: Participant, world: World, **words: Any) -> Medication:
    place = record_key_of(participant=person, form="CM", sequence=NEW)
    values = {**medication.VALUES, "cm_indc": "prophylaxis", "cm_mh": None, "cm_indc_txt": None, **words}
    saved = save_answers(
        record_key=place, answers=Answers(values=values), version=NEW, by=world.coordinator, at=AT
    )
    return Medication.objects.get(pk=saved.record_id)


def code(record: Any, item: str, code: str, *, by: Any, at: datetime = AT, **said: Any) -> Coding:
    words = getattr(record, item.split(".")[1])
    told = {"seen": digest_of(words or "")} | said
    return code_words(
        participant=record.participant, record_id=record.pk, item=item, code=code, by=by, at=at, **told
    )


def lines(world: World, **chosen: str) -> list[Any]:
    return page_of_coding(world.coder, chosen)[1]


def test_point_04_what_is_coded_names_a_dictionary_and_stands_at_the_top_of_its_form() -> None:
    keys = set(coded_items())
    assert {"AE.ae_term", "MH.mh_text", "CM.cm_trt", "CM.cm_indc_txt", "SURV.cod_text"} <= keys
    assert {item.dictionary for item in coded_items().values()} == {"meddra", "whodrug"}
    rows = [
        q for form in catalogue.forms().values() for g in form.groups.values() for q in g.questions.values()
    ]
    assert not [question.name for question in rows if question.coded_in]


def test_point_04_a_release_is_loaded_once_and_stays_as_it_was(
    world: World, everything: None, tmp_path: Path
) -> None:
    assert load(tmp_path, MEDDRA).startswith("5 terms")
    assert load(tmp_path, MEDDRA).startswith("0 terms")
    release = DictionaryRelease.objects.get()
    assert (release.version, release.licence, len(release.digest)) == ("1.0", "Licence 7", 64)
    assert (release.act.verb, release.act.by) == ("crf:dictionary:load", None)
    with pytest.raises(CommandError, match="other files"):
        load(tmp_path, MEDDRA_NEXT)
    with pytest.raises(CommandError, match=r"llt\.asc"):
        call_command("load_dictionary", "meddra", str(tmp_path), release="2", licence="x")
    with pytest.raises(CommandError, match="licence"):
        load(tmp_path, MEDDRA, release="2.0", licence=" ")
    with pytest.raises((InternalError, ProgrammingError, IntegrityError)), transaction.atomic():
        ReleasedTerm.objects.filter(code="90000011").update(name="another")
    with pytest.raises(NoSuchRelease):
        use_version(dictionary="meddra", version="9", by=world.coder, at=AT)
    for person in (world.coordinator, world.statistician, world.inspector):
        with pytest.raises(NotTheCoder):
            use_version(dictionary="meddra", version="1.0", by=person, at=AT)


def test_point_04_words_are_coded_and_the_words_of_the_site_never_change(
    world: World, screened: Participant, dictionaries: None
) -> None:
    record = event(screened, world, "the nose is blue")
    version, saved = record.version, record.ae_term
    coding = code(record, "AE.ae_term", "90000011", by=world.coder)
    assert (coding.name, coding.preferred, coding.preferred_code) == (
        "Blue nose",
        "Nose discolouration",
        "90000001",
    )
    assert (coding.class_code, coding.class_name) == ("93000001", "Disorders of made-up noses")
    assert (coding.dictionary, coding.version, coding.verbatim) == ("meddra", "1.0", saved)
    record.refresh_from_db()
    assert (record.version, record.ae_term) == (version, saved)
    assert [answer.term.name for answer in coded_answers("AE", record)] == ["Blue nose"]
    shown = client_of(world.coordinator).get(form_url(screened, code="AE")).content.decode()
    assert "Coded centrally" in shown
    assert "Blue nose" in shown
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        Coding.objects.filter(pk=coding.pk).update(name="another")


def test_point_04_a_verbatim_that_changes_makes_the_coding_fall_and_comes_back(
    world: World, screened: Participant, dictionaries: None
) -> None:
    record = event(screened, world, "the nose is blue")
    assert count_uncoded(participant=screened) == count_uncoded(site=screened.site) == count_uncoded() == 1
    assert uncoded_on(record.pk, "AE") == ["ae_term"]
    seen = digest_of(record.ae_term)
    code(record, "AE.ae_term", "90000011", by=world.coder)
    assert count_uncoded() == 0
    assert lines(world) == []
    again = event(screened, world, "the nose rings", sequence=record.sequence)
    assert uncoded_on(record.pk, "AE") == ["ae_term"]
    assert coded_answers("AE", again) == []
    assert [line.words.words for line in lines(world)] == ["the nose rings"]
    with pytest.raises(WordsChanged, match="the nose rings"):
        code(again, "AE.ae_term", "90000011", by=world.coder, seen=seen)
    code(again, "AE.ae_term", "90000002", by=world.coder, at=AT + timedelta(hours=1))
    assert [answer.term.name for answer in coded_answers("AE", again)] == ["Nose ringing"]
    back = event(screened, world, "the nose is blue", sequence=record.sequence)
    assert uncoded_on(back.pk, "AE") == ["ae_term"], "an earlier coding is no coding of today"
    assert Coding.objects.filter(record=record.pk).count() == 2


def test_point_04_words_that_wait_stand_in_the_way_of_a_lock(
    world: World, screened: Participant, dictionaries: None
) -> None:
    record, other = event(screened, world, "Blue nose"), event(screened, world, "Nose ringing")
    scope = LockScope.of_participant(screened)

    def in_the_way() -> list[str]:
        (found,) = [each for each in conditions_of(scope, today=TODAY) if each.code == "coded"]
        return [place.label for place in found.places]

    assert in_the_way() == [f"{screened.number} AE", f"{screened.number} AE #2"]
    code(record, "AE.ae_term", "90000011", by=world.coder)
    assert in_the_way() == [f"{screened.number} AE #2"]
    code(other, "AE.ae_term", "90000002", by=world.coder)
    assert in_the_way() == []


def test_point_04_proposals_come_from_names_synonyms_and_the_term_of_the_form(
    world: World, screened: Participant, dictionaries: None
) -> None:
    event(screened, world, "BLUE  nose")
    event(screened, world, "hot", ctcae_term="Febrile neutropenia")
    first = event(screened, world, "the nose is blue")
    event(screened, world, "azure nose")
    code(first, "AE.ae_term", "90000011", by=world.coder)
    event(screened, world, "The nose is  BLUE")
    found = {line.words.words: line for line in lines(world)}
    assert {words: (line.proposed.code, line.source) for words, line in found.items() if line.proposed} == {
        "BLUE  nose": ("90000011", "the words are its name"),
        "hot": ("10016288", "the term that the form names"),
        "The nose is  BLUE": ("90000011", "a synonym of the list"),
    }
    assert found["azure nose"].proposed is None, "a term that is no longer current is no proposal"
    assert Coding.objects.count() == 1, "a proposal codes nothing"


def test_point_04_proposals_are_confirmed_together_each_by_its_own_act(
    world: World, screened: Participant, dictionaries: None
) -> None:
    event(screened, world, "Blue nose")
    other = event(screened, world, "Nose ringing")
    ticks = [line.tick for line in lines(world)]
    event(screened, world, "Nose discolouration", sequence=other.sequence)
    batch = CodingBatch()
    batch.run([*ticks, "x|y", "|".join(["1"] * 5), "0|AE.ae_term|x|90000011|"], by=world.coder, at=AT)
    assert batch.done == 1
    assert len(batch.problems) == 1
    assert "Nose discolouration" in batch.problems[0]
    (coding,) = Coding.objects.all()
    assert (coding.how, coding.act.verb, coding.act.by) == ("name", "crf:coding:code", world.coder)
    assert not CodingSynonym.objects.exists(), "a name of a term is no synonym"
    assert Tick.of(ticks[0]) is not None
    stranger = CodingBatch()
    stranger.run([line.tick for line in lines(world)], by=world.stranger, at=AT)
    assert (stranger.done, stranger.problems) == (0, [])


def test_point_04_a_synonym_is_learned_once_and_can_be_retired(
    world: World, screened: Participant, dictionaries: None
) -> None:
    one = event(screened, world, "purple snout")
    code(one, "AE.ae_term", "90000001", by=world.coder)
    code(one, "AE.ae_term", "90000011", by=world.coder, at=AT + timedelta(minutes=1))
    (synonym,) = CodingSynonym.objects.all()
    assert (synonym.code, synonym.folded) == ("90000011", "purple snout")
    event(screened, world, "Purple snout")
    assert [line.proposed.code for line in lines(world)] == ["90000011"]
    with pytest.raises(NotTheCoder):
        retire_synonym(synonym=synonym, by=world.monitor, at=AT)
    retire_synonym(synonym=synonym, by=world.coder, at=AT)
    assert [line.proposed for line in lines(world)] == [None]
    assert coded_answers("AE", one), "what was coded stays coded"


def test_point_04_a_drug_with_several_classes_is_coded_under_one_that_is_chosen(
    world: World, screened: Participant, dictionaries: None
) -> None:
    record = drug(screened, world, cm_trt="Nasofix")
    (line,) = lines(world, dictionary="whodrug")
    assert (line.proposed.name, line.tick) == ("Nasofix", "")
    with pytest.raises(ClassNeeded):
        code(record, "CM.cm_trt", "90000101002", by=world.coder)
    with pytest.raises(ClassNeeded):
        code(record, "CM.cm_trt", "90000101002", by=world.coder, class_code="Z09")
    coding = code(record, "CM.cm_trt", "90000101002", by=world.coder, class_code="Z02B")
    assert (coding.preferred, coding.class_name) == ("Nasamide", "OTHER NOSE DRUGS")
    twin = drug(screened, world, cm_trt="Twin", cm_indc_txt="Nose ringing")
    shown = {each.words.words: each for each in lines(world)}
    assert (shown["Twin"].proposed, bool(shown["Nose ringing"].tick)) == (None, True)
    assert code(twin, "CM.cm_trt", "90000301001", by=world.data_manager).class_code == ""


def test_point_04_who_may_not_and_what_cannot_be_coded_is_refused(
    world: World, screened: Participant, dictionaries: None
) -> None:
    record = event(screened, world, "Blue nose")
    for person in (world.coordinator, world.monitor, world.statistician, world.inspector):
        with pytest.raises(NotTheCoder):
            code(record, "AE.ae_term", "90000011", by=person)
    for absent in ("90000012", "12345678", ""):
        with pytest.raises(NotInDictionary):
            code(record, "AE.ae_term", absent, by=world.coder)
    with pytest.raises(WordsChanged):
        code(record, "AE.ir_2nd_txt", "90000011", by=world.coder)
    code(record, "AE.ae_term", "90000011", by=world.coder)
    with pytest.raises(CodedAlready):
        code(record, "AE.ae_term", "90000011", by=world.coder)
    locked = drug(screened, world, cm_trt="Rhinolol")
    code(locked, "CM.cm_trt", "90000201001", by=world.coder)
    place = record_key_of(participant=screened, form="CM", sequence=locked.sequence)
    told: dict[str, Any] = {"record_key": place, "version": locked.version, "at": AT}
    verify_record(**told, by=world.monitor)
    sign_record(**told, by=world.investigator, password=PASSWORD)
    lock_record(**told, by=world.data_manager)
    with pytest.raises(RecordOfCodingLocked):
        code(locked, "CM.cm_trt", "90000301001", by=world.coder)
    assert Act.objects.filter(verb="crf:coding:code").count() == 2


def test_point_04_an_upgrade_lists_what_changes_and_a_person_confirms(
    world: World, screened: Participant, dictionaries: None, tmp_path: Path
) -> None:
    for words in ("Blue nose", "Nose ringing", "Nose discolouration"):
        record = event(screened, world, words)
        code(record, "AE.ae_term", find_terms("meddra", words)[0].code, by=world.coder)
    load(tmp_path, MEDDRA_NEXT, release="2.0")
    assert lines(world, show="upgrade") == []
    use_version(dictionary="meddra", version="2.0", by=world.coder, at=AT)
    assert count_uncoded() == 0, "what is coded stays coded until a person confirms it anew"
    found = {line.words.words: line for line in lines(world, show="upgrade")}
    assert [(each.label, each.was, each.now) for each in found["Blue nose"].changes][:2] == [
        ("Term", "Blue nose", "Bluish nose"),
        ("Preferred term", "Nose discolouration", "Nose ringing"),
    ]
    assert (found["Nose discolouration"].changes, found["Nose ringing"].is_gone) == ((), True)
    batch = CodingBatch()
    batch.run([line.tick for line in found.values() if line.tick], by=world.coder, at=AT + timedelta(days=1))
    assert (batch.done, batch.problems) == (2, [])
    assert [line.words.words for line in lines(world, show="upgrade")] == ["Nose ringing"]
    anew = Coding.objects.filter(version="2.0", verbatim="Blue nose").get()
    assert (anew.name, anew.how) == ("Bluish nose", "upgrade")
    assert Coding.objects.filter(version="1.0").count() == 3, "what was coded before stays on record"


def test_point_04_a_chinese_release_shows_the_terms_to_its_readers(
    world: World, screened: Participant, dictionaries: None, tmp_path: Path
) -> None:
    load(tmp_path, MEDDRA_ZH, language="zh-hans")
    record = event(screened, world, "虚构蓝鼻")
    (line,) = lines(world)
    assert (line.proposed.code, line.source) == ("90000011", "the words are its name")
    coding = code(record, "AE.ae_term", "90000011", by=world.coder)
    assert coding.name == "Blue nose", "the English release names what is stored"
    with override("zh-hans"):
        (answer,) = coded_answers("AE", record)
        assert (answer.term.name, answer.term.of_class) == ("虚构蓝鼻", "虚构鼻类疾病")
    assert [term.code for term in find_terms("meddra", "蓝")] == ["90000011"]


def test_point_04_a_coder_works_through_the_pages(
    world: World, screened: Participant, dictionaries: None
) -> None:
    record = event(screened, world, "Blue nose")
    other = event(screened, world, "two diagnoses in one line")
    client = client_of(world.coder)
    listing = reverse("crf:coding")
    page = client.get(listing).content.decode()
    assert page.count('name="confirm"') == 1
    assert "#q-ae_term" not in page, "a coder reads the words, and no form that could tell the arm"
    assert client.get(form_url(screened, code="AE")).status_code == 403
    assert "#q-ae_term" in client_of(world.data_manager).get(listing).content.decode()
    tick = lines(world)[0].tick
    waiting = f'href="{reverse("crf:code-words", args=[record.pk, "AE.ae_term"])}"'
    assert waiting in client.get("/work-list/").text
    assert client.post(listing, {"confirm": [tick]}).status_code == 302
    assert waiting not in client.get("/work-list/").text, "it is coded"
    assert Coding.objects.get().record_id == record.pk
    one = reverse("crf:code-words", args=[other.pk, "AE.ae_term"])
    found = client.get(one, {"q": "nose"}).content.decode()
    assert all(name in found for name in ("Blue nose", "Nose ringing"))
    assert "Azure nose" not in found
    assert "On the same record" in found
    refused = client.post(one, {"code": "1", "seen": digest_of(other.ae_term)})
    assert refused.status_code == 422
    asked = client.post(
        reverse("crf:ask", args=[screened.number, "AE", other.sequence]),
        {"target": "ae_term", "text": "Which of the two?"},
    )
    assert asked.status_code == 302
    assert Query.objects.get(target="ae_term").raised_by == world.coder
    assert "A query to the site is open" in client.get(listing).content.decode()
    assert client.post(one, {"code": "90000002", "seen": digest_of(other.ae_term)}).status_code == 302
    synonym = CodingSynonym.objects.get()
    listed = client.get(reverse("crf:dictionaries")).content.decode()
    assert all(text in listed for text in ("MedDRA 1.0", "in use", synonym.words))
    assert client.post(reverse("crf:retire-synonym", args=[synonym.pk])).status_code == 302
    used = client.post(reverse("crf:dictionaries"), {"release": "whodrug:B3 1"})
    assert used.status_code == 302
    inspector = client_of(world.inspector)
    assert 'name="confirm"' not in inspector.get(listing, {"show": "coded"}).content.decode()
    assert inspector.post(listing, {"confirm": [tick]}).status_code == 403
    assert inspector.post(reverse("crf:dictionaries"), {"release": "meddra:1.0"}).status_code == 403
    assert client.get(reverse("crf:code-words", args=[other.pk, "AE.no"])).status_code == 404
    assert client.get(reverse("crf:code-words", args=[other.pk, "AE.ir_2nd_txt"])).status_code == 404


def test_point_04_the_list_costs_the_same_however_long_it_is(
    world: World, screened: Participant, dictionaries: None, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        event(screened, world, f"Blue nose {number}")
    client = client_of(world.coder)
    client.get(reverse("crf:coding"))
    with django_assert_max_num_queries(15):
        assert client.get(reverse("crf:coding")).status_code == 200
