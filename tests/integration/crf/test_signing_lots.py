"""Signatures of the investigator, many at once after showing each, and what becomes of them (issue point 18)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Signature
from accounts.series import SIGNED_AT
from accounts.services import WrongPassword, put_signature
from accounts.signed import signatures_of_somebody_else
from audit.acts import open_act
from crf.catalogue import forms
from crf.engine.base import RecordState
from crf.models import RecordSignature, SignedAs
from crf.page.signing import shown_record, signatures_of
from crf.queries.services import raise_query
from crf.records.signed_records import signatures_that_fell_silently
from crf.records.signing import NothingToSign, digest_of, sign_record, sign_records, signature_holds
from crf.store.records import find_stored_record, update_record
from crf.store.signatures import standing_signature
from crf.views import signing
from followup.services import add_unscheduled_visit
from kernel.row_keys import key_of
from tests.integration.crf.conftest import Save, make_operated, place_at, record_at
from tests.integration.crf.test_pages import client_of, form_url
from tests.integration.crf.test_saving import stage
from tests.unit.crf.examples import demographics, vital_signs
from tests.world import NOW, PASSWORD, TODAY, World
from trials.models import Participant

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def filled(screened: Participant, world: World, save: Save) -> Participant:
    save(screened, "STAGE", **stage())
    save(screened, "DM", values=demographics.VALUES, groups=getattr(demographics, "GROUPS", {}))
    return screened


def seen(participant: Participant, *codes: str) -> dict[Any, tuple[int, str]]:
    found = {}
    for code in codes:
        key = place_at(participant, code)
        stored = find_stored_record(key)
        assert stored is not None
        found[key] = (stored.record.version, digest_of(key.form, stored))
    return found


def test_point_18_a_lot_is_signed_with_one_password(filled: Participant, world: World) -> None:
    ready = [code for code in ("STAGE", "DM") if record_at(filled, code).state == RecordState.COMPLETE]
    told: Any = {"signed_as": SignedAs.CASEBOOK, "by": world.investigator, "at": NOW}
    with pytest.raises(WrongPassword):
        sign_records(seen=seen(filled, *ready), password="wrong", **told)
    with pytest.raises(NothingToSign):
        sign_records(seen={}, password=PASSWORD, **told)
    done = sign_records(seen=seen(filled, *ready), password=PASSWORD, **told)
    assert (len(done.signed), done.left_out) == (len(ready), ())
    for code in ready:
        key, stored = place_at(filled, code), find_stored_record(place_at(filled, code))
        assert stored is not None
        standing = standing_signature(key, stored.record)
        assert standing is not None
        assert signature_holds(key, stored, standing)
        assert (standing.signed_as, stored.record.state) == (SignedAs.CASEBOOK, RecordState.SIGNED)
    assert Signature.objects.filter(digest__in=[d for _v, d in seen(filled, *ready).values()]).count() == len(
        ready
    )


def test_point_18_a_part_of_a_casebook_is_not_signed_as_one(filled: Participant, world: World) -> None:
    """Whoever ticks one form on the page of the casebook signs a form; the last one that waits completes it."""
    page = reverse("crf:sign-lot") + f"?participant={filled.number}"
    client = client_of(world.investigator)
    lot = {f"sign:{key_of('record', each.record_id)}": each for each in client.get(page).context["records"]}
    assert len(lot) == 2
    session = client.session
    del session[SIGNED_AT]  # rule 33: nothing was signed in it yet
    session.save()
    for name, kind in zip(lot, [SignedAs.FORM] * (len(lot) - 1) + [SignedAs.CASEBOOK], strict=True):
        typed = {name: _token(client.get(page).text, name), "password": PASSWORD}
        if kind == SignedAs.FORM:  # the first of the session
            assert client.post(page, typed).status_code == 422
            assert not RecordSignature.objects.filter(record_id=lot[name].record_id).exists()
            typed["signer"] = world.investigator.username
        assert client.post(page, typed).status_code == 302
        assert RecordSignature.objects.get(record_id=lot[name].record_id).signed_as == kind


def test_point_18_a_visit_is_signed_as_a_visit(filled: Participant, world: World, save: Save) -> None:
    make_operated(filled)
    told: Any = {"took_place_on": TODAY, "forms": ["VS", "LB"], "why": "Fever", "by": None, "at": NOW}
    visit = add_unscheduled_visit(participant=filled, **told)
    save(filled, "VS", visit=visit, values={**vital_signs.VALUES, "vs_dt": TODAY})
    why = forms()["LB"].questions["lb_why"].codes
    assert why
    save(filled, "LB", visit=visit, values={"lb_done": "N", "lb_why": next(iter(why.labels))})
    client, page = (
        client_of(world.investigator),
        f"{reverse('crf:sign-lot')}?visit={key_of('visit', visit.pk)}",
    )
    assert page in client.get(reverse("crf:to-sign")).text
    shown = client.get(page)
    assert (shown.context["signed_as"], len(shown.context["records"])) == (SignedAs.VISIT.label, 2)
    ticks = {f"sign:{key_of('record', each.record_id)}": each.token for each in shown.context["records"]}
    assert client.post(page, {**ticks, "password": PASSWORD}).status_code == 302
    signed = RecordSignature.objects.filter(record__visit=visit).values_list("signed_as", flat=True)
    assert list(signed) == [SignedAs.VISIT] * 2


def test_point_18_several_of_a_casebook_are_several_forms(filled: Participant, world: World) -> None:
    raise_query(record_key=place_at(filled, "DM"), target="height", text="?", by=world.monitor, at=NOW)
    client, page = client_of(world.investigator), f"{reverse('crf:sign-lot')}?participant={filled.number}"
    before = client.get(page)
    told: Any = {"signed_as": SignedAs.CASEBOOK, "by": world.investigator, "at": LATER}
    done = sign_records(seen=seen(filled, "STAGE", "DM"), password=PASSWORD, **told)
    assert (len(done.signed), len(done.left_out)) == (1, 1)
    assert RecordSignature.objects.get().signed_as == SignedAs.FORM
    # the page said so before; and what cannot be signed asks for no password
    assert before.context["signed_as"] == SignedAs.FORM.label
    assert 'id="id_password"' in before.text
    assert 'id="id_password"' not in client.get(page).text


def test_point_18_forms_with_open_queries_do_not_fill_the_lot(
    filled: Participant, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the closing of a site 17 forms with queries stood before everything else in each lot."""
    monkeypatch.setattr(signing, "IN_A_LOT", 1)
    client, page = client_of(world.investigator), reverse("crf:sign-lot")
    first = client.get(page).context["records"][0].key.form.code
    raise_query(record_key=place_at(filled, first), target="", text="?", by=world.monitor, at=NOW)
    assert client.get(page).context["records"][0].key.form.code != first


def _token(page: str, name: str) -> str:
    token = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert token is not None
    return token[1]


def test_point_18_a_record_changed_meanwhile_is_left_out_and_named(
    filled: Participant, world: World, save: Save
) -> None:
    shown = seen(filled, "STAGE", "DM")
    save(filled, "STAGE", **stage(eus_mm=12), reason="Misread", at=LATER)
    raise_query(record_key=place_at(filled, "DM"), target="height", text="?", by=world.monitor, at=NOW)
    done = sign_records(
        seen=shown, signed_as=SignedAs.SEVERAL, password=PASSWORD, by=world.investigator, at=LATER
    )
    assert done.signed == ()
    assert [label for label, _why in done.left_out] == [key.label for key in shown]
    assert not RecordSignature.objects.exists()


def test_point_18_a_signature_falls_and_both_versions_are_shown(
    filled: Participant, world: World, save: Save
) -> None:
    key = place_at(filled, "STAGE")
    sign_record(record_key=key, version=1, password=PASSWORD, by=world.investigator, at=NOW)
    changed = stage(eus_mm=12)
    changed["groups"] = {**changed["groups"], "node": []}
    save(filled, "STAGE", **changed, reason="Misread", at=LATER)
    stored = find_stored_record(key)
    assert stored is not None
    (signature,) = signatures_of(key, stored)
    assert (signature.holds, signature.row.fell_at) == (False, LATER)
    different = {line.label: (line.signed, line.now) for line in signature.lines if line.differs}
    assert any(now.startswith("12") for _signed, now in different.values())
    assert any(signed and not now for signed, now in different.values())
    page = client_of(world.monitor).get(form_url(filled, name="signatures"))
    assert page.status_code == 200
    assert "12" in page.text


def test_point_18_a_signature_outlives_questions_that_come_and_go(
    filled: Participant, world: World, save: Save
) -> None:
    key = place_at(filled, "STAGE")
    sign_record(record_key=key, version=1, password=PASSWORD, by=world.investigator, at=NOW)
    stored = find_stored_record(key)
    assert stored is not None
    signed = standing_signature(key, stored.record)
    assert signed is not None
    form = forms()["STAGE"]
    without = next(name for name, each in form.questions.items() if getattr(stored.record, name) is None)
    fewer = {name: question for name, question in form.questions.items() if name != without}
    assert signature_holds(replace(key, form=replace(form, questions=fewer)), stored, signed)
    signed.questions = {**signed.questions, "values": [*fewer]}
    assert not signature_holds(key, stored, signed)  # another list is another content
    before = replace(key, form=replace(form, questions=fewer))
    signed.signature.digest = digest_of(before.form, stored)
    assert signature_holds(key, stored, signed)  # signed before the question was asked
    stored.record.ct = "T1"
    assert not signature_holds(key, stored, signed)


def test_point_18_the_pages_list_show_and_sign(filled: Participant, world: World) -> None:
    client, page = client_of(world.investigator), reverse("crf:sign-lot")
    listed = client.get(reverse("crf:to-sign"))
    record = record_at(filled, "STAGE")
    named = key_of("record", record.pk)
    assert f"{page}?record={named}" in listed.text
    assert "Forms to sign" in client.get(reverse("home")).text
    key, stored = place_at(filled, "STAGE"), find_stored_record(place_at(filled, "STAGE"))
    assert stored is not None
    shown = shown_record(key, stored)
    address = f"{page}?participant={filled.number}"
    lot = client.get(address)
    assert f'name="sign:{key_of("record", record.pk)}" value="{shown.token}"' in lot.text
    assert client.post(address, {f"sign:{named}": shown.token, "password": "wrong"}).status_code == 422
    answer: Any = client.post(address, {f"sign:{named}": shown.token, "password": PASSWORD})
    assert answer.url == reverse("crf:to-sign")
    assert record_at(filled, "STAGE").state == RecordState.SIGNED
    again = client.post(address, {f"sign:{named}": shown.token, "password": PASSWORD}, follow=True)
    assert key.label in again.text
    assert client_of(world.coordinator).get(page).status_code == 403
    other = {f"sign:{named}": shown.token, "password": PASSWORD}
    assert client_of(world.stranger).post(address, other).status_code == 403


def test_a_signature_over_other_answers_is_named_by_verification(filled: Participant, world: World) -> None:
    """An answer that changed without letting its signature fall: some other way in than the service (11.70)."""
    key = place_at(filled, "DM")
    stored = find_stored_record(key)
    assert stored is not None
    sign_record(
        record_key=key, version=stored.record.version, password=PASSWORD, by=world.investigator, at=NOW
    )
    assert list(signatures_that_fell_silently()) == []
    assert list(signatures_of_somebody_else()) == []
    with open_act("crf:record:save", by=world.coordinator, at=LATER, participant=filled, reason="odd") as act:
        stored.record.weight += 1
        update_record(stored.record, ["weight"], act=act)
    (finding,) = signatures_that_fell_silently()
    assert str(finding) == f"crf_demographics row {stored.record.pk}: its signature fits it no more"
    with open_act("x:y:z", by=world.coordinator, at=LATER):
        put_signature(record="copied", digest="0" * 64, meaning="m", by=world.investigator, at=NOW)
    assert [finding.what for finding in signatures_of_somebody_else()] == [
        "not put by its signer in the act that it names"
    ]
