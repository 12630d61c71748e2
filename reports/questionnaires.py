"""Quality of life: questionnaires expected, and received in their window (protocol 5.4)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.fields import BooleanField
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crf import catalogue
from crf.models import Record, RecordState
from followup.models import Visit, VisitState
from reports.plots import shares
from reports.quality import Report, Table, added, share
from trials.models import Milestone, Site, Withdrawal

CODE = "QOL"


def expected(sites: QuerySet[Site], *, today: date, code: str = CODE) -> QuerySet[Visit]:
    """Return the visits whose questionnaire counts: the window closed on somebody alive and in the study.

    Whoever may have died by then is not known to have been alive (decision D4).
    """
    ended = Milestone.objects.alias(by_then=Coalesce("earliest", "on")).filter(
        participant=OuterRef("participant"), code__in=("DEATH", "EOS"), by_then__lte=OuterRef("closes")
    )
    left = Withdrawal.objects.filter(
        participant=OuterRef("participant"), cancelled_at=None, on__lte=OuterRef("closes")
    ).filter(Q(all_contact=True) | Q(quality_of_life=True))
    visits: QuerySet[Visit] = (
        Visit.objects.filter(site__in=sites, forms__contains=[code], closes__lt=today)
        .exclude(state=VisitState.CANCELLED)
        .exclude(Exists(ended))
        .exclude(Exists(left))
        .order_by()
    )
    return visits


def _received(code: str) -> tuple[Any, Any]:
    """Return whether the visit's form is there, and whether it was filled in the window."""
    form = catalogue.forms().get(code)
    if form is None:
        no = Value(False, output_field=BooleanField())
        return no, no
    there = {"visit": OuterRef("pk"), "form_code": code}
    entered = Record.objects.filter(**there).exclude(state=RecordState.EMPTY)
    asked = form.day_question
    if asked is None or form.questions[asked].derived:
        met = entered.filter(
            visit__took_place_on__gte=F("visit__opens"), visit__took_place_on__lte=F("visit__closes")
        )
    else:
        window = {f"{asked}__gte": OuterRef("opens"), f"{asked}__lte": OuterRef("closes")}
        met = form.model.objects.filter(**there, **window).exclude(state=RecordState.EMPTY)
    return Exists(entered), Exists(met)


def _counted(visits: QuerySet[Visit], by: str, code: str) -> list[tuple[Any, ...]]:
    received, met = _received(code)
    rows = visits.annotate(received=received, met=met).values(by)
    rows = rows.annotate(
        asked=Count("pk"),
        got=Count("pk", filter=Q(received=True)),
        inside=Count("pk", filter=Q(met=True)),
    )
    return sorted(rows.values_list(by, "asked", "got", "inside"))


def compliance(sites: QuerySet[Site], *, today: date, code: str = CODE) -> Report:
    """Return the report: by visit and by site, received at all and received in the window."""
    visits = expected(sites, today=today, code=code)
    by_visit, by_site = _counted(visits, "code", code), _counted(visits, "site__code", code)
    known = code in catalogue.forms()
    return Report(
        slug="questionnaires",
        title=_("Quality of life: expected and received"),
        counts=_(
            "Compliance is questionnaires received over questionnaires expected. Expected: the window has closed, and "
            "the participant was alive, in the study and had not withdrawn from questionnaires when it did. Where the "
            "day of a death is not known, windows that closed on its first possible day or later do not count."
        ),
        nothing=_("No window of a questionnaire has closed yet"),
        tables=(
            _table(_("By visit"), _("Visit"), "by-visit", by_visit),
            _table(_("By site"), _("Site"), "by-site", by_site),
        ),
        chart=shares(
            [(str(label), inside, asked) for label, asked, _got, inside in by_site],
            title=_("Share received in the window, by site"),
        ),
        notes=()
        if known
        else (_("The questionnaire is not among the forms of this program yet: none can be received."),),
    )


def _table(title: str, first: str, slug: str, rows: list[tuple[Any, ...]]) -> Table:
    columns = (
        first,
        pgettext("questionnaires", "Expected"),
        pgettext("questionnaires", "Received"),
        _("Received in the window"),
        _("Compliance"),
        _("In the window"),
    )
    if not rows:
        return Table(title, columns, slug=slug)
    label, asked, got, inside = added(_("All"), [row[1:] for row in rows])
    return Table(
        title,
        columns,
        tuple((*row, share(row[2], row[1]), share(row[3], row[1])) for row in rows),
        (label, asked, got, inside, share(int(got), int(asked)), share(int(inside), int(asked))),
        slug=slug,
    )
