"""Texts of the public page: drafted by one, released by another, never raw, never unreleased."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction

from accounts.models import Signature, User
from accounts.permissions import Role
from accounts.services import WrongPassword, change_person, create_person
from audit.acts import open_act
from audit.models import Act
from kernel.scope import EVERYTHING, scope
from protocol.text import load
from tests.world import NOW, OPENED_ON, PASSWORD, TODAY, World
from trials import services as trials
from trials.models import PublicText
from trials.models.people import with_grants
from website.public.blocks import BLOCKS
from website.public.first_texts import first_texts
from website.public.page import public_page
from website.public.placeholders import facts_of
from website.public.standing import standings
from website.services import texts

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _everywhere() -> Any:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        yield


@pytest.fixture
def second(world: World) -> User:
    """Another trial manager, who releases what the first one wrote."""
    return second_trial_manager()


def second_trial_manager() -> User:
    from django.contrib.auth.hashers import make_password

    user = create_person(
        username="second_trial_manager",
        display_name="Second Trial Manager",
        trained_on=OPENED_ON,
        identity_checked_on=OPENED_ON,
        accountability_accepted_on=OPENED_ON,
        by=None,
        at=NOW,
    )
    change_person(
        user=user,
        password=make_password(PASSWORD),
        totp_secret="A" * 32,
        totp_confirmed_at=NOW,
        by=None,
        at=NOW,
    )
    trials.delegate(user=user, role=Role.TRIAL_MANAGER, site=None, starts_on=OPENED_ON, by=None, at=NOW)
    return with_grants(user, on=TODAY)


def draft(world: World, body: str = "Two groups of people.", **more: Any) -> PublicText:
    given = {"block": "compare", "language": "en", "title": "What is compared", "based_on": 0} | more
    return texts.draft_text(body=body, by=world.trial_manager, at=NOW, **given)


def release(*drafts: PublicText, by: User, **more: Any) -> list[PublicText]:
    given = {"ethics_approved_on": TODAY, "ethics_reference": "EC-2026-7", "password": PASSWORD} | more
    return texts.release_texts(texts=drafts, by=by, at=LATER, **given)


def shown(language: str = "en") -> dict[str, str]:
    return {code: text.passages[0].text for code, text in public_page(language, at=NOW).texts.items()}


def test_a_draft_shows_nowhere_until_another_person_has_signed_it(world: World, second: User) -> None:
    written = draft(world, "{participants} people.")
    assert shown() == {}
    release(written, by=second)
    assert shown() == {"compare": "356 people."}
    signature = Signature.objects.get()
    assert signature.by == second
    assert signature.record == "public text compare en 1"
    assert Act.objects.filter(verb="trials:text:release", by=second).exists()


def test_nobody_releases_their_own_text(world: World) -> None:
    with pytest.raises(texts.OwnText):
        release(draft(world), by=world.trial_manager)
    assert shown() == {}
    assert Signature.objects.count() == 0


def write_past_the_service(text: PublicText, by: User, **fields: Any) -> None:
    with open_act("trials:text:release", by=by, at=LATER) as wrote:
        PublicText.objects.filter(pk=text.pk).update(act=wrote, **fields)


def test_the_database_refuses_an_author_who_releases(world: World, second: User) -> None:
    written = draft(world)
    (other,) = release(draft(world, block="who"), by=second)
    released = {
        "released_by": world.trial_manager,
        "released_at": LATER,
        "signature": other.signature,
        "ethics_approved_on": TODAY,
        "ethics_reference": "x",
        "protocol_version": "1.0",
    }
    with pytest.raises(DatabaseError, match="second_person"):
        write_past_the_service(written, world.trial_manager, **released)


def test_the_database_keeps_what_was_written(world: World) -> None:
    with pytest.raises(DatabaseError, match="set once"):
        write_past_the_service(draft(world), world.trial_manager, body="Something else")


def test_a_wrong_password_releases_nothing(world: World, second: User) -> None:
    written = draft(world)
    with pytest.raises(WrongPassword):
        release(written, by=second, password="a guess")
    assert shown() == {}


@pytest.mark.parametrize(
    ("body", "token"),
    [
        ("Welcome to {{SITE_NAME}}", "{SITE_NAME}"),
        ("Welcome to SITE_NAME", "SITE_NAME"),
        ("Every {surveillance_calendar} months", "{surveillance_calendar}"),
        ("{sample_size_per_arm} people", "{sample_size_per_arm}"),
        ("50 % or %(more)s", "%("),
        ("{participants people", "{"),
        ("{% now %}", "{"),
    ],
)
def test_what_would_be_shown_raw_is_refused(world: World, body: str, token: str) -> None:
    with pytest.raises(texts.TokensLeft) as refused:
        draft(world, body)
    assert token.strip("{}") in str(refused.value)
    assert PublicText.objects.count() == 0


def test_no_default_and_no_sister_trial_has_a_placeholder() -> None:
    protocol = load(settings.PROTOCOL_VERSION)
    known = facts_of(protocol)
    for fact in protocol.facts:
        if fact.source != "published":
            assert fact.code not in known
    assert {setting.key for setting in protocol.settings}.isdisjoint(known)


def test_a_fact_that_is_published_no_more_takes_the_text_off_the_page(
    world: World, second: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    release(draft(world, "{participants} people."), by=second)
    monkeypatch.setattr("website.public.page.facts_of", lambda protocol: {})
    assert shown() == {}
    assert "public_text.unfilled" in caplog.text
    monkeypatch.setattr("website.services.texts.facts_of", lambda protocol: {})
    again = PublicText.objects.get()
    with pytest.raises(texts.TokensLeft):
        texts.digest_of(again, TODAY)


def test_each_language_is_released_on_its_own(world: World, second: User) -> None:
    english = draft(world, "English words.")
    draft(world, "中文。", language="zh-hans", title="比较")
    release(english, by=second)
    page = public_page("zh-hans", at=NOW)
    assert not page.speaks_its_language
    assert page.texts["compare"].is_other_language
    assert page.texts["compare"].language == "en"
    assert shown("zh-hans") == {"compare": "English words."}


def test_a_new_version_shows_after_its_release_and_not_before(world: World, second: User) -> None:
    release(draft(world, "First."), by=second)
    newer = draft(world, "Second.", based_on=1)
    assert shown() == {"compare": "First."}
    release(newer, by=second)
    assert shown() == {"compare": "Second."}


def test_only_the_newest_draft_is_released(world: World, second: User) -> None:
    older = draft(world, "First.")
    newer = draft(world, "Second.", based_on=1)
    with pytest.raises(texts.NewerDraft):
        release(older, by=second)
    release(newer, by=second)
    with pytest.raises(texts.ReleasedBefore):
        release(newer, by=second)


def test_a_withdrawn_text_is_gone_and_no_earlier_one_comes_back(world: World, second: User) -> None:
    release(draft(world, "First."), by=second)
    (current,) = release(draft(world, "Second.", based_on=1), by=second)
    with pytest.raises(texts.ReasonMissing):
        texts.withdraw_text(text=current, reason=" ", by=world.trial_manager, at=LATER)
    texts.withdraw_text(text=current, reason="A number was wrong", by=world.trial_manager, at=LATER)
    assert shown() == {}
    with pytest.raises(texts.NotShown):
        texts.withdraw_text(text=current, reason="again", by=world.trial_manager, at=LATER)
    release(draft(world, "Second.", based_on=2), by=second)
    assert shown() == {"compare": "Second."}


def test_who_wrote_meanwhile_is_not_overwritten(world: World) -> None:
    draft(world, "First.")
    with pytest.raises(texts.DraftedMeanwhile, match="Version 1"):
        draft(world, "Mine.", based_on=0)
    with pytest.raises(texts.NothingChanged):
        draft(world, "First.", based_on=1)


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ({"title": " "}, texts.TextEmpty),
        ({"body": "\n"}, texts.TextEmpty),
        ({"title": "x" * 121}, texts.TextTooLong),
        ({"body": "x" * 4001}, texts.TextTooLong),
        ({"block": "nothing"}, texts.NoSuchBlock),
        ({"language": "fr"}, texts.NoSuchBlock),
    ],
)
def test_a_text_that_cannot_stand_is_refused(world: World, typed: Any, refusal: Any) -> None:
    with pytest.raises(refusal):
        draft(world, **typed)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"ethics_approved_on": TODAY + timedelta(days=1)}, texts.EthicsAhead),
        ({"ethics_reference": "  "}, texts.EthicsMissing),
    ],
)
def test_a_release_rests_on_an_approval(world: World, second: User, given: Any, refusal: Any) -> None:
    written = draft(world)
    with pytest.raises(refusal):
        release(written, by=second, **given)
    with pytest.raises(texts.NothingToRelease):
        release(by=second)


def test_the_first_texts_fill_every_block_in_both_languages_and_hold_no_token(
    world: World, second: User
) -> None:
    assert {(text.block, text.language) for text in first_texts()} == {
        (block.code, language) for block in BLOCKS for language in ("en", "zh-hans")
    }
    drafted = texts.draft_first_texts(by=world.trial_manager, at=NOW)
    assert len(drafted) == 2 * len(BLOCKS)
    assert texts.draft_first_texts(by=world.trial_manager, at=NOW) == []
    release(*drafted, by=second)
    for language in ("en", "zh-hans"):
        page = public_page(language, at=NOW)
        assert set(page.texts) == {block.code for block in BLOCKS}
        assert not any(text.is_other_language for text in page.texts.values())


def test_the_page_is_confirmed_whole_and_shows_the_day(world: World, second: User) -> None:
    by: dict[str, Any] = {"by": second, "password": PASSWORD}
    with pytest.raises(texts.NoTextToConfirm):
        texts.confirm_page(language="en", at=LATER, **by)
    release(draft(world), by=second)
    assert public_page("en", at=NOW).confirmed_on == TODAY
    texts.confirm_page(language="en", at=NOW + timedelta(days=40), **by)
    assert public_page("en", at=NOW).confirmed_on == date(2026, 12, 30)
    release(draft(world, block="who"), by=second)
    assert public_page("en", at=NOW).confirmed_on == date(2026, 12, 30)
    assert public_page("zh-hans", at=NOW).confirmed_on is None


def test_both_languages_released_in_one_day_of_the_trial_are_of_one_standing(
    world: World, second: User
) -> None:
    """Ten in the evening of the 19th in UTC, and three in the morning: one day in Shanghai."""
    evening = datetime(2026, 11, 19, 22, 0, tzinfo=UTC)
    english, chinese = draft(world), draft(world, language="zh-hans")
    for text, at in ((english, evening), (chinese, evening + timedelta(hours=5))):
        texts.release_texts(
            texts=[text],
            by=second,
            at=at,
            ethics_approved_on=TODAY,
            ethics_reference="EC-1",
            password=PASSWORD,
        )
    (_block, (first, later)) = next(
        found for found in standings(PublicText.objects.all()) if found[0].code == "compare"
    )
    assert not first.is_behind(later)
