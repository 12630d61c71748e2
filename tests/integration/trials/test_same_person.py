"""The same person registered twice is noticed, and nobody sees an identity or learns who is elsewhere (ADR 56)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Mail, User
from audit.models import Act
from reports.worklist.same_person import questions_for
from tests.world import NOW, World, as_person
from trials.identity import TypedIdentity
from trials.models import IdentityDigest, Participant, SamePersonQuestion
from trials.services import compare_identities, note_identity, register_participant, settle_same_person
from trials.services.same_person import A_DAY, NotYoursToSettle, SettledBefore, TooManyIdentities

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everything")]
TYPED = {"surname": "Ou-Yang", "born_on": "1961-03-09", "card_end": "123x"}
SECRETS = ("ouyang", "ou-yang", "欧阳", "1961-03-09", "123x")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def registered(user: User, site: Any, **typed: str) -> Participant:
    answer = client_of(user).post(reverse("trials:register"), {"site": site.pk, **typed})
    assert answer.status_code == 302, answer.text[-3000:]
    made: Participant = Participant.objects.filter(site=site).latest("number")
    return made


def compared() -> int:
    return compare_identities(at=NOW)


def test_point_11_a_second_registration_is_asked_of_both_sites_and_names_only_their_own(world: World) -> None:
    here = registered(world.coordinator, world.site, **TYPED)
    elsewhere = registered(
        world.stranger, world.other_site, surname="欧阳", born_on="1961-03-09", card_end="123X"
    )
    other = registered(world.coordinator, world.site, **TYPED | {"born_on": "1961-03-10"})
    # whoever types learns nothing by it: the question is asked at night, by the system
    assert not SamePersonQuestion.objects.exists()
    assert (compared(), compared()) == (1, 0)
    assert {each.participant for each in SamePersonQuestion.objects.all()} == {here, elsewhere}
    for user, own, foreign in (
        (world.coordinator, here, elsewhere),
        (world.stranger, elsewhere, here),
    ):
        with as_person(user), transaction.atomic():
            assert [each.participant_id for each in SamePersonQuestion.objects.all()] == [own.pk]
            assert [each.participant_id for each in questions_for(user)] == [own.pk]
        for page in (reverse("home"), reverse("trials:registered-twice")):
            shown = client_of(user).get(page).text
            assert own.number in shown
            assert foreign.number not in shown
            assert "ask the study centre" in shown
            if page != reverse("home"):
                assert other.number not in shown
    # the study centre sees both, and settles it with a reason; both sites see what was found
    manager = client_of(world.trial_manager)
    shown = manager.get(reverse("trials:registered-twice")).text
    assert here.number in shown
    assert elsewhere.number in shown
    first = SamePersonQuestion.objects.earliest("pk")
    address = reverse("trials:settle-same-person", args=[first.pk])
    assert manager.post(address, {"outcome": "same", "reason": " "}).status_code == 422
    assert manager.post(address, {"outcome": "same", "reason": "Both logs compared"}).status_code == 302
    assert {each.outcome for each in SamePersonQuestion.objects.all()} == {"same"}
    shown = client_of(world.stranger).get(reverse("trials:registered-twice")).text
    assert "The same person" in shown
    assert "Both logs compared" in shown
    assert not questions_for(world.coordinator).exists()
    with pytest.raises(SettledBefore):
        settle_same_person(pair=first.pair, outcome="other", reason="x", by=world.trial_manager, at=NOW)
    with pytest.raises(NotYoursToSettle):
        settle_same_person(pair=first.pair, outcome="other", reason="x", by=world.investigator, at=NOW)


def test_point_11_nothing_that_was_typed_is_kept_anywhere(world: World) -> None:
    registered(world.coordinator, world.site, **TYPED)
    registered(world.stranger, world.other_site, **TYPED)
    compared()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(("trials_", "audit_act", "accounts_mail", "django_session", "crf_")):
                cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")  # noqa: S608 (names of tables)
                said = cursor.fetchone()[0].casefold()
                assert not [secret for secret in SECRETS if secret in said], table
    assert not Mail.objects.filter(body__icontains="yang").exists()
    acts = Act.objects.filter(verb__startswith="trials:identity")
    assert {each.reason for each in acts} == {""}
    # the versions of a row hold no digest either
    versions: Any = IdentityDigest._meta.get_field("events").related_model
    assert "digests" not in {field.name for field in versions._meta.get_fields()}


def test_point_11_registering_works_without_and_is_corrected_later(world: World, settings: Any) -> None:
    client = client_of(world.coordinator)
    person = registered(world.coordinator, world.site)
    assert not IdentityDigest.objects.exists()
    # half an identity is refused at its field, and gives no number
    for typed in ({"surname": "Wang"}, {"born_on": "1961-03-09"}, {**TYPED, "card_end": "12"}):
        answer = client.post(reverse("trials:register"), {"site": world.site.pk, **typed})
        assert answer.status_code == 422
    assert Participant.objects.filter(site=world.site).latest("number") == person
    page = reverse("trials:identity", args=[person.number])
    assert page in client.get(person.get_absolute_url()).text
    assert client.post(page, {"surname": ""}).status_code == 422
    assert client.post(page, TYPED).status_code == 302
    before = IdentityDigest.objects.get(participant=person).digests
    assert client.post(page, TYPED | {"card_end": "1234"}).status_code == 302
    assert IdentityDigest.objects.get(participant=person).digests != before
    assert client_of(world.stranger).get(page).status_code == 404
    assert client_of(world.data_manager).get(page).status_code == 403
    # an installation without a key asks nothing
    settings.PALACE3_IDENTITY_KEY = ""
    assert 'name="surname"' not in client.get(reverse("trials:register")).text
    assert client.get(page).status_code == 404


def test_point_11_nobody_tries_names_out(world: World) -> None:
    """More than a site registers in a day is refused, corrections of one participant included."""
    person = register_participant(site=world.site, by=world.coordinator, at=NOW)

    def typed(number: int, at: Any = NOW) -> None:
        identity = TypedIdentity(NOW.date() - timedelta(days=20_000 + number), "Wang")
        note_identity(participant=person, identity=identity, by=world.coordinator, at=at)

    for number in range(A_DAY):
        typed(number)
    with pytest.raises(TooManyIdentities):
        typed(A_DAY)
    typed(A_DAY, at=NOW + timedelta(days=1, minutes=1))
