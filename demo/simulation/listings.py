"""Listings that the data manager has built and shared: one form over its visits, and one table of a form."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from crf import catalogue
from crf.engine.declaration import FormDeclaration, Repeats
from crf.listings.definition import ListingDefinition, RowFilter
from crf.listings.rows import page_of
from crf.listings.services import review_rows, save_listing
from crf.models import SavedListing
from demo.simulation.sites import Stage
from kernel.scope import EVERYTHING, scope

COLUMNS: Final = 6
SHARED_BEFORE: Final = timedelta(days=30)


def share_listings(stage: Stage, until: datetime) -> None:
    """Two listings are shared, and the data manager has reviewed the first page of the first one."""
    manager, at = stage.central["data"], until - SHARED_BEFORE
    forms = [form for form in catalogue.forms().values() if form.repeats is Repeats.PER_VISIT]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        first = _share(stage, forms[0], at)
        rows = page_of(first, manager, number=1, show="all").rows
        review_rows(
            listing=first,
            rows=[(row.key, row.version) for row in rows[::2]],
            by=manager,
            at=until - timedelta(days=1),
        )
        tabled = next(form for form in catalogue.forms().values() if form.groups and form.listed)
        _share(stage, tabled, at, group=next(iter(tabled.groups)))


def _share(stage: Stage, form: FormDeclaration, at: datetime, *, group: str = "") -> SavedListing:
    asked = form.groups[group].questions if group else form.questions
    source = f"{form.code}.{group}" if group else form.code
    title = str(form.groups[group].title) if group else str(form.title)
    names = [name for name, question in asked.items() if not question.derived][:COLUMNS]
    return save_listing(
        name=f"{form.code}: {title}, complete",
        definition=ListingDefinition(
            sources=(source,),
            columns=tuple(f"{source}.{name}" for name in names),
            filters=(RowFilter("state", "not", "in_progress"),),
        ),
        is_shared=True,
        by=stage.central["data"],
        at=at,
    )
