"""The log of deviations: who records, what is proposed, what is decided centrally (protocol 3.15; decision D6)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission, Role
from audit.acts import open_act
from audit.locked import DataFrozen
from audit.models import Act
from crf import catalogue
from crf.deviations.deciding import (
    DeviationIncomplete,
    DeviationJudgement,
    DeviationLocked,
    NothingDecided,
    NotTheDecider,
    NotTheStatistician,
    WhyDecidedSo,
    decide_deviation,
)
from crf.deviations.settling import (
    NotForDeviations,
    NotOnTheLog,
    confirm_deviation,
    dismiss_deviation,
)
from crf.engine.submission import Answers
from crf.guards import JUDGED_CENTRALLY
from crf.links import form_url, log_url
from crf.locks.records import lock_record
from crf.locks.scope import LockScope
from crf.locks.services import freeze_data
from crf.models import DeviationDecision
from crf.recheck import centrally_judged
from crf.records.save import save_answers
from crf.records.signing import sign_record, verify_record
from crf.records.verification import verify_derived
from crf.store.preconditions import NotYours
from crf.store.records import NEW, record_key_of
from followup.services import withdraw_participant
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.migrating import PlainEditor
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import deviation
from tests.world import PASSWORD, World, screen
from trials.models import DeviationProposal, Participant
from trials.services import propose_deviation, reveal_arm
from trials.services.participants import DeviationSettled

CHAPTERS = ("3.15",)
pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SYSTEM: dict[str, Any] = {"by": None, "at": AT}
MISSED = {
    **deviation.VALUES,
    "dv_cat": "missed_visit",
    "dv_term": "Nobody came to the visit of month 12.",
    "dv_cross_to": None,
    "dv_cross_by": None,
}
migration = import_module("crf.migrations.0025_confirmed_deviations")


@pytest.fixture
def person(world: World, everything: None) -> Participant:
    return reveal_arm(participant=screen(world, signed_on=date(2026, 4, 28)), arm="2", **SYSTEM)


def record(
    person: Participant, by: User | None, values: dict[str, Any] | None = None, form: str = "DV"
) -> Any:
    place = record_key_of(participant=person, form=form, sequence=NEW)
    saved = save_answers(
        record_key=place, answers=Answers(values=values or MISSED), version=NEW, by=by, at=AT
    )
    return catalogue.form(form).model.objects.get(pk=saved.record_id)


def propose(
    person: Participant, rule: str = "missed_visit", key: str = "N2", **said: Any
) -> DeviationProposal:
    told = {"detail": "Visit %(code)s was missed.", "values": {"code": key}} | said
    proposal = propose_deviation(participant=person, rule=rule, key=key, **told, **SYSTEM)
    assert proposal is not None
    return proposal


def decided(person: Participant, by: User, number: int = 1, **judged: Any) -> DeviationDecision:
    reason = judged.pop("reason", "")
    return decide_deviation(
        participant=person, number=number, judged=DeviationJudgement(**judged), reason=reason, by=by, at=AT
    )


def test_point_19_who_has_the_right_enters_a_deviation_and_nothing_else(
    world: World, person: Participant
) -> None:
    for name in ("coordinator", "investigator", "monitor", "data_manager", "trial_manager"):
        by = getattr(world, name)
        assert record(person, by).state == "complete", name
        client = client_of(by)
        page = client.get(form_url(person.number, "DV", sequence=1))
        assert page.status_code == 200, name
        assert client.get(log_url(person.number, "DV")).text.count("Add a record") == 1
        assert client.get(form_url(person.number, "DV", sequence=1) + "history/").status_code in (200, 404)
    for name in ("statistician", "inspector"):
        with pytest.raises(NotYours):
            record(person, getattr(world, name))
    for name in ("monitor", "data_manager", "trial_manager"):
        with pytest.raises(NotYours):
            record(person, getattr(world, name), {"mh_any": "N"}, form="MH")
    assert client_of(world.trial_manager).get(form_url(person.number, "MH", sequence=1)).status_code == 403


def test_a_monitor_types_a_deviation_at_the_page(world: World, person: Participant) -> None:
    client = client_of(world.monitor)
    opened = client.get(form_url(person.number, "DV", sequence=NEW), follow=True)
    assert opened.status_code == 200
    place, key = opened.redirect_chain[-1][0], opened.context["page"].key
    typed = {name: value for name, value in MISSED.items() if value is not None}
    answer = client.post(place, {**typed, "_version": "0", "_key": key})
    assert answer.status_code == 302
    (saved,) = catalogue.form("DV").model.objects.filter(participant=person)
    assert (saved.dv_cat, saved.dv_src, saved.state) == ("missed_visit", "site", "complete")


def test_point_19_a_proposal_becomes_one_record_of_the_log_or_is_dismissed(
    world: World, person: Participant
) -> None:
    first, second, third = propose(person), propose(person, key="N3"), propose(person, key="N4")
    settled = confirm_deviation(proposal=first, reason="Read in the chart", by=world.monitor, at=AT)
    log = catalogue.form("DV").model.objects.filter(participant=person)
    (made,) = log
    assert (settled.state, settled.deviation_no, made.sequence) == ("confirmed", 1, 1)
    assert (made.dv_src, made.dv_rule, made.dv_cat) == ("rule", "missed_visit N2", "missed_visit")
    assert (made.dv_term, made.dv_found, made.state) == (
        "Visit N2 was missed.",
        first.found_on,
        "in_progress",
    )
    same = confirm_deviation(proposal=second, deviation=1, reason="The same", by=world.coordinator, at=AT)
    assert (same.deviation_no, log.count()) == (1, 1)
    gone = dismiss_deviation(proposal=third, reason="The visit took place", by=world.coordinator, at=AT)
    assert (gone.state, gone.deviation_no, log.count()) == ("dismissed", None, 1)
    assert Act.objects.filter(verb="trials:deviation:settle").latest("pk").reason == "The visit took place"
    with pytest.raises(DeviationSettled):
        confirm_deviation(proposal=first, reason="again", by=world.coordinator, at=AT)
    assert log.count() == 1, "nothing of a refused confirmation stays"


def test_a_proposal_is_settled_by_who_may_and_only_onto_the_log(world: World, person: Participant) -> None:
    proposal = propose(person)
    for by in (world.statistician, world.inspector, world.stranger):
        with pytest.raises(NotForDeviations):
            confirm_deviation(proposal=proposal, reason="x", by=by, at=AT)
        with pytest.raises(NotForDeviations):
            dismiss_deviation(proposal=proposal, reason="x", by=by, at=AT)
    with pytest.raises(NotOnTheLog):
        confirm_deviation(proposal=proposal, deviation=7, reason="x", by=world.coordinator, at=AT)


def test_words_that_tell_the_arm_are_left_for_a_person_to_say(world: World, person: Participant) -> None:
    check = next(each for each in catalogue.form("SURG").checks if each.code == "X041")
    told = propose(person, rule="surgery_timing", key="one", detail=str(check.message), values={
        "schedule_surg_2_opens": "28", "setting_surgery_arm2_deviation_days": "84"
    })  # fmt: skip
    confirm_deviation(proposal=told, reason="It was", by=world.coordinator, at=AT)
    (made,) = catalogue.form("DV").model.objects.filter(participant=person)
    assert (made.dv_term, made.dv_cat) == (None, "surgery_timing")


def test_what_is_decided_under_a_freeze_counts_at_once(world: World, person: Participant) -> None:
    """A frozen record keeps what the site said; who decides centrally waits for no thaw, and answers stay."""
    log = record(person, world.coordinator)
    freeze_data(scope=LockScope.of_record(log, person), by=world.data_manager, at=AT)
    decided(
        person, world.statistician, importance="important", excludes_pp="Y", reason="As the protocol says"
    )
    log.refresh_from_db()
    assert (log.dv_imp, log.dv_pp, log.dv_term, log.version) == ("important", "Y", MISSED["dv_term"], 1)
    for told in ({"dv_term": "Nobody was asked."}, {"dv_imp": "minor", "dv_term": "Nobody was asked."}, {}):
        with pytest.raises(DataFrozen), open_act("crf:deviation:decide", by=None, at=AT) as act:
            type(log).objects.filter(pk=log.pk).update(answers_act=act, **told)


def test_the_guard_knows_every_answer_that_follows_from_a_central_decision() -> None:
    follows = {
        form.model._meta.db_table: {
            form.model._meta.get_field(name).column for name in centrally_judged(form)
        }
        for form in catalogue.forms().values()
        if centrally_judged(form)
    }
    assert follows == {table: set(columns) for table, columns in JUDGED_CENTRALLY.items()}


@pytest.mark.parametrize(("answer", "state"), [("yes", "confirmed"), ("no", "dismissed")])
def test_a_possible_deviation_is_settled_once_at_its_page(
    world: World, person: Participant, answer: str, state: str
) -> None:
    proposal = propose(person)
    page = reverse("crf:settle-deviation", args=[proposal.pk])
    coordinator = client_of(world.coordinator)
    assert "Visit N2 was missed." in coordinator.get(page).text
    assert proposal.said in coordinator.get(person.get_absolute_url()).text
    typed = {"confirmed": answer, "reason": "read in the source", "deviation": "0"}
    done = coordinator.post(page, typed)
    goes = form_url(person.number, "DV") if answer == "yes" else person.get_absolute_url()
    assert (done.status_code, done.headers["Location"]) == (302, goes)
    again = coordinator.post(page, typed)
    assert again.status_code == 409
    proposal.refresh_from_db()
    assert again.text.count(str(DeviationSettled(state=proposal.get_state_display()))) == 1
    assert client_of(world.stranger).get(page).status_code == 404
    assert proposal.state == state


def test_point_19_importance_and_per_protocol_effect_are_decided_centrally(
    world: World, person: Participant
) -> None:
    made = record(person, world.coordinator)
    assert (made.dv_imp_calc, made.dv_imp, made.dv_pp_calc, made.dv_pp) == ("minor", None, "N", None)
    first = decided(person, world.data_manager, importance="minor")
    made.refresh_from_db()
    assert (made.dv_imp, made.dv_pp, first.excludes_pp) == ("minor", None, "")
    with pytest.raises(WhyDecidedSo):
        decided(person, world.trial_manager, importance="important")
    decided(
        person, world.statistician, importance="important", excludes_pp="Y", reason="The primary endpoint"
    )
    made.refresh_from_db()
    assert (made.dv_imp, made.dv_pp) == ("important", "Y")
    assert DeviationDecision.objects.count() == 2
    with pytest.raises(NothingDecided):
        decided(person, world.statistician, importance="important", excludes_pp="Y")
    assert list(verify_derived([person], at=AT)) == []


def test_who_decides_what(world: World, person: Participant) -> None:
    record(person, world.coordinator)
    for by in (world.coordinator, world.investigator, world.monitor, world.inspector):
        with pytest.raises(NotTheDecider):
            decided(person, by, importance="minor")
    for by in (world.data_manager, world.trial_manager):
        with pytest.raises(NotTheStatistician):
            decided(person, by, importance="minor", excludes_pp="N")
    with pytest.raises(NothingDecided):
        decided(person, world.statistician)


def test_a_decision_waits_for_a_complete_record_and_stands_once_it_is_locked(
    world: World, person: Participant
) -> None:
    record(person, world.coordinator, {**MISSED, "dv_dt": None})
    with pytest.raises(DeviationIncomplete):
        decided(person, world.statistician, importance="minor")
    with pytest.raises(DeviationIncomplete):
        decided(person, world.statistician, number=9, importance="minor")
    made = record(person, world.coordinator)
    place = record_key_of(participant=person, form="DV", sequence=made.sequence)
    told: dict[str, Any] = {"record_key": place, "version": made.version, "at": AT}
    verify_record(**told, by=world.monitor)
    sign_record(**told, by=world.investigator, password=PASSWORD)
    lock_record(**told, by=world.data_manager)
    with pytest.raises(DeviationLocked):
        decided(person, world.statistician, number=made.sequence, importance="minor")


def test_point_19_the_page_of_a_decision_does_not_tell_the_arm(world: World, person: Participant) -> None:
    crossed = {**deviation.VALUES, "dv_cross_to": "surveillance", "dv_term": "Declined the operation."}
    made = record(person, world.coordinator, crossed)
    assert made.dv_cross_from == "surgery"
    page = reverse("crf:decide-deviation", args=[person.number, 1])
    for by in (world.statistician, world.data_manager, world.trial_manager):
        text = client_of(by).get(page).text
        assert "Declined the operation." in text
        for told in (
            "Allocated strategy",
            "planned surgery",
            "Arm 1",
            "Arm 2",
            f'href="{person.get_absolute_url()}"',
        ):
            assert told not in text, told
    answer = client_of(world.statistician).post(page, {"importance": "important", "excludes_pp": "Y"})
    assert answer.status_code == 302
    made.refresh_from_db()
    assert (made.dv_imp, made.dv_pp) == ("important", "Y")
    refused = client_of(world.trial_manager).post(page, {"importance": "minor", "reason": ""})
    assert refused.status_code == 422
    assert "than was decided before" in refused.text


def test_point_19_who_is_spared_the_arm_reads_a_deviation_without_it(
    world: World, person: Participant
) -> None:
    """The trial manager opens the record, types into it and reads its history; neither strategy is anywhere.

    Of two strategies, the one that was received says which one was allocated.
    """
    crossed = {**deviation.VALUES, "dv_cross_to": "surveillance", "dv_src": "central"}
    made = record(person, world.trial_manager, crossed)
    pages = [form_url(person.number, "DV"), reverse("crf:history", args=[person.number, "DV", 1])]
    for page in pages:
        spared, told = (client_of(by).get(page).text for by in (world.trial_manager, world.coordinator))
        for words in ("Allocated strategy", "Received strategy", "active surveillance"):
            assert words not in spared
            assert words in told
    key = client_of(world.trial_manager).get(pages[0]).context["page"].key
    typed = {name: str(value) for name, value in crossed.items() if name != "dv_cross_to"}
    typed |= {"dv_prev": "Talk earlier"}
    where = reverse("crf:derive", args=[person.number, "DV", 1])
    derived = client_of(world.trial_manager).post(where, typed).json()["derived"]
    assert "dv_cross_from" not in derived
    done = client_of(world.trial_manager).post(
        pages[0], {**typed, "_version": str(made.version), "_key": key, "_reason": "added"}
    )
    assert done.status_code == 302
    made.refresh_from_db()
    assert (made.dv_prev, made.dv_cross_from) == ("Talk earlier", "surgery"), "it is kept all the same"
    assert made.dv_cross_to == "surveillance", "and so is what was not on the page"


def test_point_19_the_list_shows_the_log_the_proposals_and_the_counts(
    world: World, person: Participant
) -> None:
    record(person, world.coordinator)
    propose(person, key="N7")
    why = "She was seen at home. Arm 2 was not touched"
    dismiss_deviation(proposal=propose(person, key="N9"), reason=why, by=world.coordinator, at=AT)
    client = client_of(world.statistician)
    here = reverse("crf:deviations")
    log = client.get(here)
    assert "Nobody came to the visit of month 12." in log.text
    assert "Visit N7" not in log.text
    (count,) = log.context["counts"]
    assert (count.total, count.undecided, count.important, count.still_open) == (1, 1, 0, 0)
    assert "Visit N7" in client.get(here + "?show=proposed").text
    dismissed = client.get(here + "?show=dismissed")
    assert "Visit N9" in dismissed.text
    (line,) = dismissed.context["lines"]
    assert (line.why, line.settled_by, line.settled_at) == (why, str(world.coordinator), AT)
    assert why in dismissed.text
    assert why not in client_of(world.monitor).get(here + "?show=dismissed").text, "it names the arm"
    for asked, seen in (
        ("?category=missed_visit&importance=undecided&closing=closed&site=01", True),
        ("?category=crossover", False),
        ("?importance=important", False),
        ("?closing=open", False),
        ("?site=02", False),
    ):
        assert ("Nobody came" in client.get(here + asked).text) is seen, asked
    assert "Nobody came" not in client_of(world.stranger).get(here).text
    assert reverse("crf:decide-deviation", args=[person.number, 1]) in client.get(here).text
    assert (
        reverse("crf:decide-deviation", args=[person.number, 1])
        not in client_of(world.monitor).get(here).text
    )


def test_point_19_a_report_counts_the_log_and_what_became_of_proposals(
    world: World, person: Participant
) -> None:
    client = client_of(world.data_manager)
    assert "No deviation is on the log" in client.get("/reports/deviations/").text
    record(person, world.coordinator)
    record(
        person, world.monitor, {**MISSED, "dv_cat": "other", "dv_found": date(2026, 10, 2), "dv_close": None}
    )
    decided(person, world.statistician, importance="important", excludes_pp="Y", reason="The endpoint")
    propose(person, key="N7")
    dismiss_deviation(proposal=propose(person, key="N9"), reason="x", by=world.coordinator, at=AT)
    shown = client.get("/reports/deviations/").context["report"].tables
    tables = {table.slug: table.rows for table in shown}
    assert tables["by-site"] == (("01", 1, 1, 2, 1, 0, 1, 1, 1), ("02", 0, 0, 0, 0, 0, 0, 0, 0))
    assert [row[1:4] for row in tables["by-category"]] == [(1, 1, 0), (1, 0, 0)]
    assert tables["by-month"] == (("2026-09", 1, 1), ("2026-10", 1, 0))
    assert tables["proposals"] == (("01", 1, 0, 1), ("02", 0, 0, 0))
    assert "By site,01,1,1,2,1,0,1,1,1" in client.get("/reports/deviations/csv/").text
    mine = client_of(world.stranger).get("/reports/deviations/").context["report"]
    assert [row for table in mine.tables for row in table.rows] == []


def test_the_work_list_holds_what_waits_for_a_decision(world: World, person: Participant) -> None:
    record(person, world.coordinator)
    href, home = reverse("crf:decide-deviation", args=[person.number, 1]), reverse("home")
    assert href in client_of(world.statistician).get(home).text
    decided(person, world.data_manager, importance="minor")
    assert href not in client_of(world.data_manager).get(home).text
    assert href in client_of(world.statistician).get(home).text, "the analysis set is not decided yet"
    decided(person, world.statistician, excludes_pp="N")
    assert href not in client_of(world.statistician).get(home).text


def test_a_deviation_is_recorded_after_a_withdrawal_from_all_contact(
    world: World, person: Participant
) -> None:
    withdraw_participant(
        participant=person, on=date(2026, 11, 10), all_contact=True, by=world.coordinator, at=AT
    )
    person.refresh_from_db()
    assert record(person, world.monitor).state == "complete"


def test_who_sees_records_and_judges_is_written_down_once() -> None:
    form = catalogue.form("DV")
    assert (form.seen_by, form.entered_by) == (Permission.DEVIATION_VIEW, Permission.DEVIATION_RECORD)
    from accounts.permissions import ROLE_PERMISSIONS

    def holders(right: Permission) -> set[Role]:
        return {role for role, rights in ROLE_PERMISSIONS.items() if right in rights}

    at_work = set(Role) - {Role.CODER, Role.REVIEWER, Role.COMMITTEE, Role.ARM_READER}
    assert holders(Permission.DEVIATION_VIEW) == at_work
    assert holders(Permission.DEVIATION_RECORD) == at_work - {Role.STATISTICIAN, Role.INSPECTOR}
    assert holders(Permission.DEVIATION_JUDGE) == {Role.DATA_MANAGER, Role.TRIAL_MANAGER, Role.STATISTICIAN}
    assert holders(Permission.ANALYSIS_SET_DECIDE) == {Role.STATISTICIAN}


@pytest.mark.django_db(transaction=True)
def test_point_19_proposals_that_were_confirmed_before_there_was_a_log_stand_on_it(
    world: World, superuser: Any
) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        participant = reveal_arm(participant=screen(world, signed_on=date(2026, 4, 28)), arm="2", **SYSTEM)
        propose(participant)
        propose(participant, rule="X007", key="two", detail="Arm 2 was chosen", values={})
        propose(participant, key="N5")
        propose(participant, rule="crossover", key="asks", detail="Another treatment was chosen", values={})
    with superuser.transaction():
        superuser.execute(
            "ALTER TABLE trials_deviationproposal DISABLE TRIGGER USER;"
            "UPDATE trials_deviationproposal SET state = 'confirmed' WHERE key IN ('N2', 'two', 'asks');"
            "ALTER TABLE trials_deviationproposal ENABLE TRIGGER USER"
        )
    for _again in range(2):
        with superuser.transaction():
            migration.copy_to_the_log(None, PlainEditor(superuser))
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        log = catalogue.form("DV").model.objects.filter(participant=participant).order_by("sequence")
        assert [(row.dv_cat, row.dv_term, row.state) for row in log] == [
            ("missed_visit", "Visit N2 was missed.", "in_progress"),
            ("eligibility", None, "in_progress"),
            ("crossover", "Another treatment was chosen", "in_progress"),
        ]
        assert [row.dv_cross_from for row in log] == [None, None, "surgery"]
        numbers = DeviationProposal.objects.order_by("pk").values_list("deviation_no", flat=True)
        assert list(numbers) == [1, 2, None, 3]
        assert list(verify_derived([participant], at=AT)) == []
