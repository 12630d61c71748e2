"""Lists cost the same however much there is: counted up to a bound, and honest about it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel import pagination
from kernel.pagination import BoundedPaginator, count_up_to, in_words, rows_and_count
from trials.models import Site

pytestmark = pytest.mark.django_db


def test_counts_stop_at_the_bound(world: object) -> None:
    from kernel.scope import EVERYTHING, scope

    with scope(user_id=None, sites=EVERYTHING):
        sites = Site.objects.order_by("code")
        assert [count_up_to(sites, most) for most in (1, 2, 5)] == [2, 2, 2]
    assert [in_words(count, 1) for count in (0, 1, 2)] == ["0", "1", "1+"]


def test_a_long_list_says_that_there_is_more(monkeypatch: pytest.MonkeyPatch, world: object) -> None:
    from kernel.scope import EVERYTHING, scope

    monkeypatch.setattr(pagination, "PAGED", 2)
    with scope(user_id=None, sites=EVERYTHING):
        sites = Site.objects.order_by("code")
        cut, whole = BoundedPaginator(sites, 1), BoundedPaginator(sites.filter(code="01"), 1)
        assert (cut.count, cut.num_pages, cut.shown) == (2, 2, "1+")
        assert (whole.count, whole.shown) == (1, "1")


def test_the_first_rows_bring_their_number_in_one_question(world: object) -> None:
    from kernel.scope import EVERYTHING, scope

    with scope(user_id=None, sites=EVERYTHING):
        sites = Site.objects.order_by("-code")
        with CaptureQueriesContext(connection) as asked:
            found, total = rows_and_count(sites, 1)
        assert ([site.code for site in found], total, len(asked)) == (["02"], 2, 1)
        assert rows_and_count(sites, 1, most=1)[1] == 2, "one more than the bound: there are more"
        assert rows_and_count(sites.filter(code="99"), 1) == ([], 0)
