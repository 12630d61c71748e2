"""Committee packs: made at a frozen cut, masked, released by a second person, handed out with a name on each page."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.models import Mail
from accounts.services import WrongPassword
from audit.acts import open_act
from audit.models import Act
from committee.models import CommitteePack, PackFile, PackShare, PackState, PackView
from committee.services.packs import OwnPack, PackNotMade, hand_out, make_pack, release_pack, request_pack
from committee.services.sharing import (
    PasscodeWrong,
    ShareEnded,
    ShareTooLong,
    files_of_share,
    open_share,
    revoke_share,
    share_of,
    share_pack,
    ticket_of,
)
from crf.engine.submission import Answers
from crf.records.save import save_answers
from crf.store.records import NEW, record_key_of
from exports.kept_cuts.services import take_cut
from kernel.errors import Forbidden
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import LATER, numbered, person, randomized, treated
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import adverse_event
from tests.world import PASSWORD, World, screen
from trials.models import Participant

CHAPTERS = ("6.7",)
pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]


def another(world: World) -> Participant:
    return screen(world, signed_on=date(2026, 4, 28))


def plain(term: str) -> dict[str, Any]:
    """Values of an event that no one arm has: neither immune-related nor serious."""
    kept = {
        name: value for name, value in adverse_event.VALUES.items() if not name.startswith(("ir_", "ser_"))
    }
    kept.pop("irae_type")
    told = {"ae_term": term, "ctcae_term": term, "ae_kind": "other", "serious": "N", "irae": "N"}
    return kept | told | {"rel_camre": "not"}


@pytest.fixture
def cut(world: World, person: Participant, save: Save) -> str:
    """One in each arm; in arm 1 an immune-related event and fatigue; the moment is kept, and then more happens."""
    first, second = randomized(person, "1"), randomized(another(world), "2")
    for patient in (first, second):
        treated(patient, save)
    groups = numbered(adverse_event.GROUPS)
    save(first, "AE", values=adverse_event.VALUES, groups=groups, at=LATER)
    place = record_key_of(participant=first, form="AE", sequence=2)
    answers = Answers(values=plain("Fatigue"), groups=groups)
    save_answers(record_key=place, answers=answers, version=NEW, key="", by=world.coordinator, at=LATER)
    typed = plain("Skin ulceration") | {"ae_term": "RCCEP of the face"}  # by its words alone of one arm
    place = record_key_of(participant=first, form="AE", sequence=3)
    answers = Answers(values=typed, groups=groups)
    save_answers(record_key=place, answers=answers, version=NEW, key="", by=world.coordinator, at=LATER)
    take_cut(cut_name="committee 1", by=world.statistician, at=LATER)
    save(second, "AE", values=plain("Nausea"), groups=groups, at=LATER)
    return "committee 1"


def asked_for(world: World, cut: str, arms: str = "masked") -> CommitteePack:
    return request_pack(title="Spring", cut=cut, arms=arms, by=world.statistician, at=LATER)


def made(world: World, cut: str, arms: str = "masked") -> CommitteePack:
    pack = make_pack(pack=asked_for(world, cut, arms), at=LATER)
    assert pack.state == PackState.MADE
    return pack


def released(world: World, cut: str, arms: str = "masked") -> CommitteePack:
    return release_pack(
        pack=made(world, cut, arms), password=PASSWORD, by=world.second_statistician, at=LATER
    )


def data_of(pack: CommitteePack, part: str) -> list[dict[str, str]]:
    content = bytes(pack.files.get(part=part, kind="csv").content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def value(rows: list[dict[str, str]], table: str, row: str, group: str) -> str:
    (only,) = [r["VALUE"] for r in rows if (r["TABLE"], r["ROW"], r["GROUP"]) == (table, row, group)]
    return only


def test_the_closed_part_counts_by_arm_at_the_cut_and_the_open_part_knows_no_arm(
    world: World, cut: str
) -> None:
    pack = made(world, cut, "shown")
    assert {(each.part, each.kind, each.language) for each in pack.files.all()} == {
        (part, *form)
        for part in ("open", "closed")
        for form in (("pdf", "en"), ("pdf", "zh-hans"), ("csv", "en"))
    }
    closed, opened = data_of(pack, "closed"), data_of(pack, "open")
    assert {row["GROUP"] for row in opened} == {"All"}
    assert {row["GROUP"] for row in closed} == {"Arm 1", "Arm 2", "All"}
    assert {row["SECTION"] for row in opened} == {
        "accrual",
        "flow",
        "quality",
        "safety",
        "events",
        "compliance",
    }
    assert [value(closed, "worst-grade", "2", group) for group in ("Arm 1", "Arm 2", "All")] == [
        "1",
        "0",
        "1",
    ]
    assert value(closed, "by-term", "Pneumonitis", "Arm 1") == "1"
    of_one_arm = {"components", "immune", "procedures", "signals"}
    assert of_one_arm <= {row["TABLE"] for row in closed}
    assert not of_one_arm & {row["TABLE"] for row in opened}
    assert value(closed, "immune", "pneumonitis", "Arm 1") == "1 / 1 (100.0 %; 2.5 % – 100.0 %)"
    assert (
        value(closed, "signals", "Evaluations with every element (of evaluations done)", "Arm 2")
        == "nobody at risk"
    )
    of_one_arm_alone = ("Pneumonitis", "Skin ulceration")
    assert not [row for row in opened if row["ROW"].startswith(of_one_arm_alone)]
    assert value(closed, "by-term", "Skin ulceration", "Arm 1") == "1"
    assert value(opened, "worst-grade", "2", "All") == "1", "but in what both arms have"
    assert value(closed, "strategy", "An immune-related event", "Arm 1") == "1"
    assert not [row for row in closed if row["ROW"] == "Nausea"]  # told after the cut
    assert Act.objects.get(verb="analysis:arms:look").by == world.statistician
    assert value(opened, "accrual-by-site", "01", "All") == "2"
    assert value(opened, "events", "Deaths", "All") == "0"
    assert not [row for row in opened if row["ROW"] == "Expected deaths"]  # nobody has signed what is assumed
    camrelizumab = [row for row in closed if row["TABLE"] == "camrelizumab" and row["GROUP"] == "Arm 2"]
    assert {row["ROW"]: row["VALUE"] for row in camrelizumab}["0"] == "1"


def test_a_masked_pack_names_no_arm_and_leaves_out_what_would_tell(world: World, cut: str) -> None:
    pack = made(world, cut)
    rows = data_of(pack, "closed")
    assert {row["GROUP"] for row in rows} == {"A", "B", "All"}
    assert not {"camrelizumab", "strategy"} & {row["TABLE"] for row in rows}
    assert not [row for row in rows if row["ROW"].startswith(("Pneumonitis", "Skin ulceration"))]
    assert not [row for row in rows if row["ROW"] == "Expected"]
    assert value(rows, "by-term", "Fatigue", "A" if pack.arm_of_a == "1" else "B") == "1"
    paper = text_of(bytes(pack.files.get(part="closed", kind="pdf", language="en").content))
    assert "Left out" in paper
    assert "RCCEP" in paper
    assert "Arm 1" not in paper
    titles = [
        each.title
        for each in PdfReader(
            io.BytesIO(bytes(pack.files.get(part="closed", kind="pdf", language="zh-hans").content))
        ).outline
        if not isinstance(each, list)
    ]
    assert len(titles) >= 6


def test_a_pack_without_arms_has_an_open_part_alone_and_the_same_cut_gives_the_same_data(
    world: World, cut: str
) -> None:
    first, second = made(world, cut, "absent"), made(world, cut, "absent")
    assert {each.part for each in first.files.all()} == {"open"}
    digests = [pack.files.get(kind="csv").digest for pack in (first, second)]
    assert digests[0] == digests[1]


def test_a_second_person_releases_with_a_signature_and_the_committee_sees_it_only_then(
    world: World, cut: str
) -> None:
    pack = made(world, cut)
    member = client_of(world.committee)
    assert member.get(pack.get_absolute_url()).status_code == 404
    with pytest.raises(OwnPack):
        release_pack(pack=pack, password=PASSWORD, by=world.statistician, at=LATER)
    with pytest.raises(WrongPassword):
        release_pack(pack=pack, password="no", by=world.second_statistician, at=LATER)
    done = release_pack(pack=pack, password=PASSWORD, by=world.second_statistician, at=LATER)
    with pytest.raises(PackNotMade):
        release_pack(pack=pack, password=PASSWORD, by=world.second_statistician, at=LATER)
    assert done.signature is not None
    assert "Spring" in member.get(reverse("committee:packs")).text
    assert member.get(pack.get_absolute_url()).text.count('action="/committee/files/') == 6
    manager = client_of(world.trial_manager).get(pack.get_absolute_url()).text
    assert manager.count('action="/committee/files/') == 3  # the open part alone
    with (
        pytest.raises(DatabaseError, match="second_person"),
        open_act("committee:pack:release", by=world.statistician, at=LATER) as act,
    ):
        CommitteePack.objects.filter(pk=pack.pk).update(released_by=world.statistician, act=act)


def test_who_signs_in_has_their_name_on_each_page_and_the_closed_part_by_right_alone(
    world: World, cut: str
) -> None:
    pack = released(world, cut)
    closed = pack.files.get(part="closed", kind="pdf", language="en")
    assert "Read the pack" in client_of(world.committee).get("/work-list/").text
    assert "Read the pack" not in client_of(world.statistician).get("/work-list/").text, "who made it"
    content = hand_out(file=closed, by=world.committee, at=LATER)
    pages = PdfReader(io.BytesIO(content)).pages
    assert all("Committee" in page.extract_text() for page in pages)
    assert len(PdfReader(io.BytesIO(content)).outline) >= 6
    assert PackView.objects.get().by == world.committee
    in_chinese = pack.files.get(part="closed", kind="pdf", language="zh-hans")
    assert "机密" in text_of(hand_out(file=in_chinese, by=world.committee, at=LATER))
    assert "Read the pack" not in client_of(world.committee).get("/work-list/").text, "it is read"
    for who in (world.trial_manager, world.data_manager, world.investigator):
        with pytest.raises(Forbidden):
            hand_out(file=closed, by=who, at=LATER)
    assert (
        client_of(world.trial_manager).post(reverse("committee:download", args=[closed.pk])).status_code
        == 404
    )


def shared(world: World, pack: CommitteePack, **more: Any) -> tuple[PackShare, str]:
    asked: dict[str, Any] = {
        "part": "open",
        "recipient": "Prof. Outside",
        "email": "outside@example.org",
        "language": "en",
        "expires_on": LATER.date() + timedelta(days=10),
        **more,
    }
    return share_pack(pack=pack, by=world.second_statistician, at=LATER, **asked)


def test_a_share_opens_with_link_and_passcode_until_its_day_or_its_end(world: World, cut: str) -> None:
    pack = released(world, cut, "absent")
    with pytest.raises(ShareTooLong):
        shared(world, pack, expires_on=LATER.date())
    share, passcode = shared(world, pack)
    mail = Mail.objects.get(address="outside@example.org")
    assert ticket_of(share) in mail.body
    assert passcode not in mail.body
    assert passcode not in share.passcode
    file = pack.files.get(part="open", kind="pdf", language="en")
    _file, content = open_share(share=share, passcode=f" {passcode.upper()}", file=str(file.pk), at=LATER)
    assert "Prof. Outside" in text_of(content)
    with pytest.raises(PasscodeWrong):
        open_share(share=share, passcode="wrong", file=str(file.pk), at=LATER)
    with pytest.raises(ShareEnded):
        open_share(share=share, passcode=passcode, file=str(file.pk), at=LATER + timedelta(days=12))
    other = made(world, cut, "absent").files.get(kind="csv")
    with pytest.raises(PasscodeWrong):  # a file of another pack is none of this link's
        open_share(share=share, passcode=passcode, file=str(other.pk), at=LATER)
    revoke_share(share=share, by=world.statistician, at=LATER)
    share.refresh_from_db()
    with pytest.raises(ShareEnded):
        open_share(share=share, passcode=passcode, file=str(file.pk), at=LATER)
    assert [view.share for view in PackView.objects.all()] == [share]
    verbs = set(Act.objects.filter(verb__startswith="committee:").values_list("verb", flat=True))
    assert verbs == {
        *(f"committee:pack:{step}" for step in ("request", "begin", "make", "release")),
        *(f"committee:share:{step}" for step in ("make", "open", "refuse", "revoke")),
    }


def test_the_page_of_a_recipient_counts_wrong_passcodes_and_ends(world: World, cut: str, clock: Any) -> None:
    share, passcode = shared(world, released(world, cut, "absent"))
    visitor, address = Client(), reverse("committee:shared", args=[ticket_of(share)])
    file = files_of_share(share)[0].pk
    assert Client().get(reverse("committee:shared", args=["forged"])).status_code == 404
    page = visitor.get(address)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    right = visitor.post(address, {"passcode": passcode, "file": file})
    assert right.status_code == 200
    assert "attachment" in right["Content-Disposition"]
    for tries in range(1, 6):
        answer = visitor.post(address, {"passcode": "wrong", "file": file})
        assert answer.status_code == (422 if tries < 5 else 410)
    assert PackShare.objects.get().tries == 5
    assert visitor.post(address, {"passcode": passcode, "file": file}).status_code == 410
    assert visitor.get(address).status_code == 410


def test_pages_make_release_share_and_revoke(world: World, cut: str, clock: Any) -> None:
    maker, second = client_of(world.statistician), client_of(world.second_statistician)
    asked = maker.post(reverse("committee:new-pack"), {"title": "Spring", "cut": cut, "arms": "absent"})
    pack = CommitteePack.objects.get()
    assert asked["Location"] == pack.get_absolute_url()
    make_pack(pack=pack, at=LATER)
    assert "Another person" in maker.get(pack.get_absolute_url()).text
    release = reverse("committee:release", args=[pack.pk])
    assert maker.post(release, {"password": PASSWORD}).status_code == 403
    assert second.post(release, {"password": "no"}).status_code == 422
    assert second.post(release, {"password": PASSWORD})["Location"] == pack.get_absolute_url()
    typed = {"part": "open", "recipient": "Prof. Outside", "email": "o@example.org", "language": "zh-hans"}
    answer = second.post(reverse("committee:share", args=[pack.pk]), {**typed, "expires_on": "2026-11-25"})
    assert "shown only once" in answer.text
    share = PackShare.objects.get()
    assert share_of(ticket_of(share)) == share
    assert second.post(reverse("committee:revoke", args=[share.pk])).status_code == 302
    assert "Revoked" in second.get(pack.get_absolute_url()).text


def test_files_stay_as_they_were_made(world: World, cut: str) -> None:
    pack = made(world, cut, "absent")
    with (
        pytest.raises(DatabaseError),
        open_act("committee:pack:make", by=None, at=LATER) as act,
    ):
        PackFile.objects.filter(pack=pack).update(size=1, act=act)
