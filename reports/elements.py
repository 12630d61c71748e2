"""Response evaluations: which elements were due, and which were done (protocol 2.2, 3.7, 3.11; X034, X035)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from crf import catalogue
from crf.models import Record, RecordState
from followup.models import Visit, VisitState
from protocol.text import load, versions
from reports.plots import shares
from reports.quality import Report, Table, added, share
from trials.models import Site

BATTERY = Q(cre_type__in=("CRE2", "AS"))
ELEMENTS = {
    "endoscopy": _lazy("Endoscopy"),
    "biopsies": _lazy("Bite-on-bite biopsies, enough of them"),
    "pet": _lazy("PET-CT"),
    "order": _lazy("PET-CT before the endoscopy"),
    "eus": _lazy("EUS"),
    "fna": _lazy("Aspiration of every suspect node"),
}


def _rules() -> dict[str, tuple[Q, Q]]:
    """Return when each element is due, and when it was done; how many biopsies are enough is the version's."""
    enough = Q(pk__in=())
    restaging = Q(pk__in=())
    for version in versions():
        text = load(version)
        enough |= Q(protocol_version=version, bob_n__gte=text.setting("bite_on_bite_min"))
        if text.setting("restaging_pet_ct"):
            restaging |= Q(protocol_version=version, cre_type="RST")
    scheduled = Q(cre_type__in=("CRE1", "CRE2", "AS", "RST"))
    found_at_first = Q(cre_type="CRE1") & (Q(local_call__in=("1", "2", "3")) | Q(bx_result="scc"))
    return {
        "endoscopy": (scheduled, Q(ogd_done="Y")),
        "biopsies": (Q(cre_type__in=("CRE1", "CRE2", "AS")), enough),
        "pet": (BATTERY | found_at_first | restaging, Q(pet_done="Y")),
        "order": (Q(pet_dt__isnull=False, ogd_dt__isnull=False) & BATTERY, Q(pet_dt__lte=F("ogd_dt"))),
        "eus": (BATTERY, Q(eus_done="Y")),
        "fna": (Q(any_node=True), Q(node_left=False)),
    }


def _evaluations(sites: QuerySet[Site]) -> QuerySet[Any]:
    """Return every evaluation that was entered at the sites, with what is known of suspect nodes."""
    form = catalogue.form("CRE")
    nodes = form.groups["eus_nodes"].model.objects.filter(record_id=OuterRef("pk"), removed=False)
    left = nodes.exclude(fna_done="Y")
    evaluations: QuerySet[Any] = (
        form.model.objects.filter(site__in=sites)
        .exclude(state=RecordState.EMPTY)
        .alias(any_node=Exists(nodes), node_left=Exists(left))
        .order_by()
    )
    return evaluations


def _counted(evaluations: QuerySet[Any], by: str) -> list[tuple[str, list[int]]]:
    numbers: dict[str, Any] = {}
    for name, (due, done) in _rules().items():
        numbers[f"{name}_due"] = Count("pk", filter=due)
        numbers[f"{name}_done"] = Count("pk", filter=due & done)
    rows = evaluations.values(by).annotate(**numbers).values_list(by, *numbers)
    return sorted((str(label), list(counted)) for label, *counted in rows)


def content_of_evaluations(sites: QuerySet[Site]) -> Report:
    """Return the report: elements due and done, over all and by site, and visits without their form."""
    counted = _counted(_evaluations(sites), "site__code")
    total = [sum(column) for column in zip(*(numbers for _site, numbers in counted), strict=True)]
    rows = _by_element(total)
    return Report(
        slug="elements",
        title=_("Content of response evaluations"),
        counts=_(
            "Counted over the evaluations that are entered. PET-CT is due at CRE-2 and in surveillance, at a positive "
            "CRE-1, and at restaging where the protocol asks for it; aspiration where a suspect node was seen."
        ),
        nothing=_("No response evaluation is entered yet"),
        tables=(
            _table(_("By element"), _("Element"), "by-element", rows),
            *(
                _table(str(name), _("Site"), key, _of_element(counted, n))
                for n, (key, name) in enumerate(ELEMENTS.items())
            ),
            _without_form(sites),
        )
        if counted
        else (),
        chart=shares(
            [(str(label), done, due) for label, due, done in rows], title=_("Share of elements done")
        ),
    )


def _by_element(total: list[int]) -> list[tuple[str, int, int]]:
    names = [str(name) for name in ELEMENTS.values()]
    return [(name, total[2 * n], total[2 * n + 1]) for n, name in enumerate(names)] if total else []


def _of_element(counted: list[tuple[str, list[int]]], n: int) -> list[tuple[str, int, int]]:
    return [(site, numbers[2 * n], numbers[2 * n + 1]) for site, numbers in counted]


def _table(title: str, first: str, slug: str, rows: list[tuple[str, int, int]]) -> Table:
    columns = (first, _("Times due"), _("Times done"), _("Share"))
    shown = tuple((label, due, done, share(done, due)) for label, due, done in rows)
    return Table(title, columns, shown, slug=slug)


def _without_form(sites: QuerySet[Site]) -> Table:
    """Return, by site, the visits that took place and asked for an evaluation, and those without one entered."""
    entered = Record.objects.filter(visit=OuterRef("pk"), form_code="CRE").exclude(state=RecordState.EMPTY)
    visits = Visit.objects.filter(site__in=sites, state=VisitState.DONE, forms__contains=["CRE"]).order_by()
    rows = visits.alias(entered=Exists(entered)).values("site__code")
    rows = rows.annotate(asked=Count("pk"), missing=Count("pk", filter=Q(entered=False)))
    counted = sorted(rows.values_list("site__code", "asked", "missing"))
    return Table(
        _("Visits that took place without an evaluation entered"),
        (_("Site"), _("Visits with an evaluation due"), _("Without the form")),
        tuple(counted),
        added(_("All sites"), [row[1:] for row in counted]) if counted else (),
        slug="without-form",
    )
