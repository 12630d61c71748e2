"""What several checks ask about one answer is answered once, and an event is begun where they ask for it.

Issue point 3.11: before, neutrophils of 0.4 made three queries with a field each, and each waited for its own words.
"""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse

from crf.models import MessageKind, Query
from crf.queries.services import raise_query
from crf.records.judging import run_checks
from kernel.row_keys import row_key
from tests.integration.crf.conftest import Save, place_at
from tests.integration.crf.test_consequences import numbered, person, randomized
from tests.integration.crf.test_pages import client_of, form_url
from tests.unit.crf.examples import treatment
from tests.world import NOW, World
from trials.models import Participant

CHAPTERS = ("3.0", "3.17")
pytestmark = pytest.mark.django_db
__all__ = ["person"]


@pytest.fixture
def low_count(person: Participant, save: Save) -> list[Query]:
    """What three rules ask about neutrophils of 0.4: they are unusual, too few for the dose, and no event."""
    randomized(person)
    doses = [dict(row) for row in treatment.GROUPS["chemo"]]
    doses[1] |= {"anc_d": Decimal("0.4")}
    save(person, "TREAT", values=treatment.VALUES, groups=numbered({**treatment.GROUPS, "chemo": doses}))
    return list(Query.objects.living().filter(target="chemo.2.anc_d").order_by("pk"))


def test_point_11_what_three_rules_ask_about_one_answer_is_answered_once(
    low_count: list[Query], world: World
) -> None:
    first, _second, third = low_count
    assert {query.check_code for query in low_count} == {"range", "X018", "X019"}
    client, page = client_of(world.coordinator), reverse("crf:queries-several")
    form = form_url(first.participant, "TREAT")
    [[count]] = [lead.lines for lead in client.get(form).context["actions"].leads]
    assert "Neutrophils of the day: 0.4 10⁹/L" in count.text
    begun = client.post(count.begin, follow=True).text
    assert re.search(r'name="ctcae_term"[^>]* value="Neutrophil count decreased"', begun)
    assert re.search(r'name="grade" value="4"[^>]* checked', begun)
    lines = {line["query"].pk: line["answered_with"] for line in client.get(page).context["lines"]}
    assert [lines[query.pk] for query in low_count] == ["", row_key(first), row_key(first)]
    # a field of its own, from a page that was opened before, keeps its own words
    sent = {f"text-{row_key(first)}": "Known since Monday", f"text-{row_key(third)}": "Event 1"}
    said = client.post(page, sent, follow=True)
    assert "3 queries are updated." in said.text
    answers = [query.messages.get(kind=MessageKind.ANSWERED).text for query in low_count]
    assert answers == ["Known since Monday", "Known since Monday", "Event 1"]
    assert len({query.messages.get(kind=MessageKind.ANSWERED).act_id for query in low_count}) == 3


def test_point_11_one_reason_says_for_all_checks_that_the_answer_is_right(
    low_count: list[Query], world: World
) -> None:
    first, second, third = low_count
    other = raise_query(
        record_key=place_at(first.participant, "TREAT"),
        target=first.target,
        text="Why?",
        by=world.monitor,
        at=NOW,
    )
    client = client_of(world.coordinator)
    shown = client.get(second.get_absolute_url())
    assert [each.key for each in shown.context["others"]] == [row_key(first), row_key(third)]
    assert all(each.text in unescape(shown.text) for each in shown.context["others"])
    assert client_of(world.monitor).get(second.get_absolute_url()).context["others"] == ()
    confirm = reverse("crf:query-confirm", args=[second.pk])
    assert client.post(confirm, {"text": ""}).status_code == 422
    assert client.post(confirm, {"text": "Seen in the report"}).status_code == 302
    for query in low_count:
        query.refresh_from_db()
        assert (query.state, query.resolution) == ("closed", "confirmed")
    other.refresh_from_db()
    assert other.state == "open", "what a person asks has its own answer"
    assert not run_checks(people=[first.participant_id], at=NOW).asks
    assert client.get(form_url(first.participant, "TREAT")).context["actions"].leads == ()
