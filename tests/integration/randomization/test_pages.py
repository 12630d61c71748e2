"""The pages of randomization, as each person meets them; and what none of them may show (requirement 23)."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.models import Mail, Signature, User
from accounts.permissions import Permission
from accounts.services import change_person
from followup.models import Visit, VisitState
from followup.services import propose_day
from kernel.scope import EVERYTHING, scope
from randomization.allocation.verify import fault_of
from randomization.models import Allocation, AllocationError, ListPart, Scheme
from randomization.wording import visit_words
from tests.clock import clock_time
from tests.world import PASSWORD, TODAY, World, screen

CHAPTERS = ("1.9", "3.2")

pytestmark = pytest.mark.django_db(transaction=True)

CONFIRMED = {"confirmed_stratum": "01/III", "strata_right": "on", "password": PASSWORD}


@pytest.fixture
def browser(world: World) -> Any:
    """A browser in which the person is signed in, their second factor set up."""

    def sign_in(user: User) -> Client:
        now = clock_time()
        with scope(user_id=None, sites=EVERYTHING):
            change_person(user=user, by=None, at=now, totp_secret="A" * 32, totp_confirmed_at=now)
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def everything(model: Any) -> list[Any]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return list(model.objects.all())


def page(name: str, *args: Any) -> str:
    return reverse(f"randomization:{name}", args=args)


def test_the_strata_are_shown_back_and_confirmed_never_typed(world, part, eligible, browser):
    participant = eligible()
    shown = browser(world.investigator).get(page("randomize", participant.number))
    assert shown.status_code == 200
    assert "cT3 cN1 cM0" in shown.text
    assert "Clinical stage group" in shown.text
    assert 'type="hidden" name="confirmed_stratum" value="01/III"' in shown.text
    assert "<select" not in shown.text.split('id="content"')[1].split("</main>")[0]


def test_three_clicks_lead_to_arm_number_and_first_visits(world, part, eligible, browser):
    participant, investigator = eligible(), browser(world.investigator)
    given = investigator.post(page("randomize", participant.number), CONFIRMED)
    assert given.status_code == 302, given.text
    result = investigator.get(given.headers["Location"])
    (allocation,) = everything(Allocation)
    assert allocation.number in result.text
    assert "What to do today" in result.text
    assert "What happens next" in result.text
    assert (
        investigator.get(page("randomize", participant.number)).headers["Location"]
        == given.headers["Location"]
    )
    again = investigator.post(page("randomize", participant.number), CONFIRMED)
    assert again.headers["Location"] == given.headers["Location"]
    assert len(everything(Allocation)) == 1


def test_each_missing_step_stands_with_a_link(world, part, answers, browser):
    participant = screen(world)
    answers["stage"] = None
    shown = browser(world.investigator).get(page("randomize", participant.number))
    assert "No investigator has signed" in shown.text
    assert reverse("crf:eligibility", args=[participant.number]) in shown.text
    assert "clinical stage is not known" in shown.text
    refused = browser(world.investigator).post(page("randomize", participant.number), CONFIRMED)
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        ({"password": "wrong"}, 422, "The password does not match"),
        ({"strata_right": ""}, 422, "Compare them with the forms"),
        ({"confirmed_stratum": "01/II"}, 409, "no longer the one you confirmed"),
        ({"confirmed_stratum": "'; DROP SCHEMA allocation"}, 409, "no longer the one you confirmed"),
    ],
)
def test_what_is_wrong_is_said_and_no_place_is_taken(world, part, eligible, browser, changed, status, says):
    participant = eligible()
    answer = browser(world.investigator).post(page("randomize", participant.number), CONFIRMED | changed)
    assert answer.status_code == status
    assert says in answer.text
    assert everything(Allocation) == []


def test_strangers_and_other_roles(world, part, eligible, browser):
    participant = eligible()
    assert browser(world.coordinator).get(page("randomize", participant.number)).status_code == 403
    assert browser(world.stranger).get(page("allocation", participant.number)).status_code == 404
    browser(world.investigator).post(page("randomize", participant.number), CONFIRMED)
    assert browser(world.stranger).get(page("allocation", participant.number)).status_code == 404
    assert browser(world.stranger).get(page("certificate", participant.number)).status_code == 404
    for name in ("schemes", "define", "simulate"):
        assert browser(world.investigator).get(page(name)).status_code == 403
    assert browser(world.investigator).get(page("balance", 1)).status_code == 403
    assert browser(world.trial_manager).get(page("balance", 1)).status_code == 403


def test_the_certificate_is_checked_by_the_program_that_everybody_has(world, part, eligible, browser):
    participant, investigator = eligible(), browser(world.investigator)
    investigator.post(page("randomize", participant.number), CONFIRMED)
    certificate = json.loads(investigator.get(page("certificate", participant.number)).content)
    roots = investigator.get(page("roots"))
    assert part.root in roots.text
    assert fault_of(certificate, part.root) is None


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_certificate_card_and_commitment_are_printed_in_both_languages(
    world, part, eligible, browser, language
):
    pytest.importorskip("weasyprint", exc_type=(ImportError, OSError), reason="no text engine for PDFs here")
    participant, investigator = eligible(), browser(world.investigator)
    investigator.post(page("randomize", participant.number), CONFIRMED)
    for address in (
        page("certificate-pdf", participant.number, language),
        page("visit-card", participant.number, language),
        page("root-pdf", part.label, language),
    ):
        printed = investigator.get(address)
        assert printed.status_code == 200
        assert printed.content.startswith(b"%PDF")


WORDS_EN = {
    "certificate": ("Sponsor", "Stamp of the hospital", "Investigator, name", "Printed at"),
    "card": (
        "Bring to each visit",
        "At any hour, also at night",
        "To every doctor",
        "replaces every earlier",
    ),
    "immune": "Immune checkpoint inhibitor",
}
WORDS_ZH = {
    "certificate": ("申办者", "医院盖章", "研究者姓名", "打印"),
    "card": ("每次来院请带上", "全天（含夜间）", "致每一位接诊医生", "本卡替代此前所有卡片"),
    "immune": "免疫检查点抑制剂",
}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_signature_is_told_in_the_language_of_the_reader(world, part, eligible, browser, language):
    """However the signer reads the program, what was signed is kept in the words of the source."""
    participant, investigator = eligible(), browser(world.investigator)
    investigator.cookies["django_language"] = language
    investigator.post(page("randomize", participant.number), CONFIRMED)
    (signature,) = [each for each in everything(Signature) if each.record.endswith(participant.number)][-1:]
    assert signature.meaning == "Randomization requested"
    told = {
        each: printed(investigator.get(page("certificate-pdf", participant.number, each)).content)
        for each in ("en", "zh-hans")
    }
    assert "Randomization requested" in told["en"]
    assert "签署含义：申请随机分组" in told["zh-hans"]
    assert "Randomization requested" not in told["zh-hans"]


def test_the_visit_card_holds_the_visits_that_the_participant_comes_for(world, part, eligible, browser):
    participant, investigator = eligible(), browser(world.investigator)
    investigator.post(page("randomize", participant.number), CONFIRMED)
    visits = {visit.code: visit for visit in everything(Visit)}
    assert {"SCR", "OS36"} <= visits.keys()
    assert visits["SCR"].state == VisitState.DONE
    assert visits["SCR"].took_place_on
    card = printed(investigator.get(page("visit-card", participant.number, "en")).content)
    shown = investigator.get(page("allocation", participant.number)).text
    assert "Treatment, week 1" in card, "as participants say it"
    assert "Neoadjuvant day 1" in shown
    for text in (card, shown):
        assert "Vital" not in text  # asked by the site, not a day to come
        assert "Screening" not in text  # took place


def test_point_19_the_visit_card_prints_the_agreed_day_and_what_is_to_come(world, part, eligible, browser):
    participant, investigator = eligible(), browser(world.investigator)
    investigator.post(page("randomize", participant.number), CONFIRMED)
    moved = next(visit for visit in everything(Visit) if visit.code == "N1")
    agreed = moved.opens + timedelta(days=1)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        propose_day(visit=moved, day=agreed, by=world.coordinator, at=clock_time())
    card = printed(investigator.get(page("visit-card", participant.number, "en")).content)
    assert f"{agreed.day} {agreed:%b %Y} agreed" in card
    assert card.count("agreed") == 1  # what the planner proposes is no agreement
    first, *rest = visit_words(everything(Visit), version=participant.protocol_version, on=TODAY)
    for past in (first, *rest):
        on = past.closes + timedelta(days=1)
        coming = visit_words(everything(Visit), version=participant.protocol_version, on=on)
        assert past not in coming
        assert all(on <= max(visit.closes, visit.day) for visit in coming)
    assert rest


@pytest.mark.parametrize(("language", "words"), [("en", WORDS_EN), ("zh-hans", WORDS_ZH)])
def test_the_papers_of_an_allocation_can_be_signed_filed_and_carried(
    world, part, eligible, browser, language, words
):
    participant, investigator = eligible(), browser(world.investigator)
    investigator.post(page("randomize", participant.number), CONFIRMED)
    (allocation,) = everything(Allocation)
    certificate = PdfReader(
        BytesIO(investigator.get(page("certificate-pdf", participant.number, language)).content)
    )
    assert json.loads(certificate.attachments[f"{allocation.number}.json"][0]) == allocation.certificate
    first, proof = (sheet.extract_text() for sheet in certificate.pages)
    for word in words["certificate"]:
        assert word in first
    assert allocation.certificate["root"] in proof.replace("\n", "")
    assert allocation.certificate["root"] not in first
    card = printed(investigator.get(page("visit-card", participant.number, language)).content)
    for word in words["card"]:
        assert word in card
    assert (words["immune"] in card) == (allocation.arm == "1")


def test_a_statistician_defines_and_a_second_person_activates(world, browser):
    statistician = browser(world.statistician)
    typed = {"name": "PALACE3-B", "blocks": "4:1 6:2", "places_per_stratum": "30", "password": PASSWORD}
    drafted = statistician.post(page("define"), typed)
    assert drafted.headers["Location"] == page("scheme", 1)
    (part,) = everything(ListPart)
    assert "Waits for a second person" in statistician.get(page("scheme", 1)).text
    own = statistician.post(page("activate", part.pk), {"password": PASSWORD})
    assert own.status_code == 409
    assert "somebody else activates" in own.text
    manager = browser(world.trial_manager)
    assert manager.post(page("activate", part.pk), {"password": "wrong"}).status_code == 422
    assert manager.post(page("activate", part.pk), {"password": PASSWORD}).status_code == 302
    (active,) = everything(Scheme)
    assert active.state == "active"
    twice = manager.post(page("activate", part.pk), {"password": PASSWORD})
    assert twice.status_code == 409
    looked = statistician.post(page("design", 1))
    assert re.findall(r'<th scope="row">(\d+)</th>\s*<td>(\d+)</td>', looked.text) == [("4", "1"), ("6", "2")]


@pytest.mark.parametrize(
    ("blocks", "says"),
    [("five", "whole numbers"), ("5", "not a multiple"), ("4 4", "given twice"), ("4:0", "weight below one")],
)
def test_blocks_that_cannot_be_are_refused_in_words(world, browser, blocks, says):
    typed = {"name": "B", "blocks": blocks, "places_per_stratum": "30", "password": PASSWORD}
    refused = browser(world.statistician).post(page("define"), typed)
    assert refused.status_code == 422
    assert says in refused.text
    assert everything(Scheme) == []


def test_the_statistician_watches_balance_and_every_look_is_kept(world, part, eligible, browser):
    browser(world.investigator).post(page("randomize", eligible().number), CONFIRMED)
    shown = browser(world.statistician).get(page("balance", 1))
    assert shown.status_code == 200
    assert "<svg" in shown.text
    assert "Looked at the balance or the list" in shown.text
    assert "By site" in shown.text


def test_a_design_is_simulated_before_there_is_a_trial(world, browser):
    asked = {
        "name": "X",
        "blocks": "4 6",
        "places_per_stratum": "30",
        "participants": "60",
        "sites": "3",
        "thin": "1",
        "trials": "10",
        "seed": "1",
        "method": "blocks",
    }
    shown = browser(world.statistician).post(page("simulate"), asked)
    assert shown.status_code == 200
    assert shown.text.count('<svg class="p3-chart"') == 3
    assert "Strata that stay thin" in shown.text
    broken = browser(world.statistician).post(page("simulate"), asked | {"blocks": "5"})
    assert broken.status_code == 422


def test_a_later_site_gets_a_list_of_its_own(world, part, browser):
    from tests.world import NOW
    from trials.services import create_site

    with scope(user_id=None, sites=EVERYTHING):
        site = create_site(
            code="03",
            name="N",
            name_zh="新",
            city="C",
            city_zh="城",
            time_zone="Asia/Shanghai",
            by=None,
            at=NOW,
        )
    statistician = browser(world.statistician)
    asked = statistician.post(page("add-sites", 1), {"sites": [site.pk], "password": PASSWORD})
    assert asked.status_code == 302, asked.text
    second = everything(ListPart)[1]
    assert (second.kind, second.strata) == ("sites", ["03/II", "03/III", "03/IVA"])
    browser(world.trial_manager).post(page("activate", second.pk), {"password": PASSWORD})
    first, second = everything(ListPart)
    assert first.root == part.root
    assert second.root not in ("", first.root)
    more = statistician.post(page("add-places", 1), {"strata": ["01/II"], "password": PASSWORD})
    assert more.status_code == 302
    third = everything(ListPart)[2]
    refused = browser(world.trial_manager).post(page("activate", third.pk), {"password": PASSWORD})
    assert refused.status_code == 409
    assert "allocation_list extend" in refused.text


def test_an_error_is_marked_and_never_frees_a_place(world, part, eligible, browser, superuser):
    participant = eligible()
    browser(world.investigator).post(page("randomize", participant.number), CONFIRMED)
    (before,) = everything(Allocation)
    typed = {
        "kind": "wrong_stratum",
        "found_on": TODAY.isoformat(),
        "detail": "cN was typed wrong",
        "action": "STAGE corrected",
        "strat_stage_true": "",
    }
    manager = browser(world.data_manager)
    assert manager.post(page("record-error", participant.number), typed).status_code == 422
    marked = manager.post(page("record-error", participant.number), typed | {"strat_stage_true": "II"})
    assert marked.status_code == 302, marked.text
    (after,) = everything(Allocation)
    assert (after.arm, after.stratum, after.sequence) == (before.arm, "01/III", 1)
    (error,) = everything(AllocationError)
    assert error.strat_stage_true == "II"
    shown = browser(world.investigator).get(page("allocation", participant.number))
    assert "True stage group: II" in shown.text
    assert participant.number in manager.get(page("errors")).text
    used = superuser.execute("SELECT sum(used) FROM allocation.stratum").fetchone()[0]
    assert used == 1


def printed(pdf: bytes) -> str:
    """The words of a PDF; nothing where this machine cannot make one."""
    if not pdf.startswith(b"%PDF"):
        return ""
    document = pytest.importorskip("pypdfium2").PdfDocument(pdf)
    try:
        return "\n".join(sheet.get_textpage().get_text_range() for sheet in document)
    finally:
        document.close()


def test_nothing_that_anybody_can_open_names_a_coming_place(
    world, part, eligible, browser, superuser, caplog
):
    """Coming places are known here by their numbers, which the database alone holds: none may come out."""
    participant = eligible()
    browser(world.investigator).post(page("randomize", participant.number), CONFIRMED)
    coming = {
        row[0]
        for row in superuser.execute(
            "SELECT number FROM allocation.slot WHERE participant_id IS NULL"
        ).fetchall()
    }
    addresses = [
        page("allocation", participant.number),
        page("certificate", participant.number),
        page("schemes"),
        page("scheme", 1),
        page("balance", 1),
        page("roots"),
        page("errors"),
        page("define"),
        page("simulate"),
        reverse("participant", args=[participant.number]),
        reverse("home"),
    ]
    seen = []
    for person in world.everyone().values():
        client = browser(person)
        for address in addresses:
            answer = client.get(address)
            seen.append(answer.content.decode())
            if not person.may(Permission.SCHEME_ACTIVATE):
                assert "block size" not in answer.content.decode().lower()
    sheets = (("certificate-pdf", participant.number), ("visit-card", participant.number), ("root-pdf", "1A"))
    investigator, statistician = browser(world.investigator), browser(world.statistician)
    seen += [printed(investigator.get(page(name, about, "en")).content) for name, about in sheets]
    nowhere = ("/participants/nobody/allocation/", page("activate", 99), page("scheme", 99))
    seen += [statistician.get(address).content.decode() for address in nowhere]
    seen += [mail.subject + mail.body for mail in everything(Mail)]
    seen += [record.getMessage() for record in caplog.records]
    whole = "\n".join(seen)
    assert not [number for number in coming if number in whole]
