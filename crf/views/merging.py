"""The page where a second writer chooses, field by field."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.engine.evaluation import Outcome
from crf.page.editor import Desk, address, open_place
from crf.page.merge import MINE, differences, merged
from crf.records.drafts import keep_draft
from crf.records.refusals import StaleVersion
from crf.store.versions import answers_at


def merge_page(request: PersonRequest, desk: Desk, stale: StaleVersion | None = None) -> HttpResponse:
    """Show both answers of every difference; 409 when a save was just refused."""
    review = desk.review(desk.draft.raw if desk.draft else {})
    found = differences(
        desk.place.form,
        mine=stale.mine if stale else review.outcome,
        theirs=stale.theirs if stale else desk.stored(),
        began=_began_with(desk),
        zone=desk.zone,
    )
    shown = {"desk": desk, "found": found, "action": address("merge", desk.place), "said": str(stale or "")}
    return render(request, "crf/merge.html", shown, status=409 if stale else 200)


def _began_with(desk: Desk) -> Outcome | None:
    """Return the answers that stood on the page when the person began to type."""
    if desk.sheet is None or desk.draft is None:
        return None
    return answers_at(desk.place.form, desk.sheet.record, desk.draft.version)


@requires(Permission.CRF_EDIT)
def merge(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Put the chosen answers together as the person's draft of the present version."""
    place = open_place(request, number, code, sequence, Permission.CRF_EDIT)
    desk = Desk(place, request.user, timezone.now())
    if request.method == "POST" and desk.draft is not None:
        mine = desk.review(desk.draft.raw).outcome
        choices = {
            name.removeprefix("take:"): request.POST[name]
            for name in request.POST
            if name.startswith("take:")
        }
        raw = merged(place.form, mine=mine, theirs=desk.stored(), choices=choices, zone=desk.zone)
        raw["_reason"] = desk.draft.raw.get("_reason", [""])
        keep_draft(place=place, raw=raw, version=desk.version, by=request.user, at=desk.at)
        return redirect(address("form", place))
    return merge_page(request, desk) if desk.draft_is_old else redirect(address("form", place))


__all__ = ["MINE", "merge", "merge_page"]
