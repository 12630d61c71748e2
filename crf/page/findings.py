"""The list of listed findings: filtered, each with its words in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine.checks import Check, Level
from crf.engine.declaration import FormDeclaration
from crf.engine.messages import question_at, rule_text
from crf.engine.versions import worded
from crf.links import at_visit, form_url
from crf.models import ListedFinding
from crf.queries.sparing import code_in_lists, is_spared_in_lists, refuse_check_of_arm, spared_words
from kernel.pagination import BoundedPaginator
from kernel.reading import number_of_participant

PER_PAGE = 50
STATES: tuple[tuple[str, str | Promise], ...] = (
    ("open", pgettext_lazy("finding", "Open")),
    ("gone", _("Gone")),
    ("all", _("All")),
)
SORTED = {
    "found": ("-found_at", "pk"),
    "participant": ("participant__number", "found_at", "pk"),
    "form": ("record__form_code", "participant__number", "pk"),
    "check": ("check_code", "participant__number", "pk"),
}


@dataclass(frozen=True)
class FindingLine:
    """One finding of the list."""

    row: ListedFinding
    check: str
    form_title: str
    label: str
    text: str
    href: str
    ask_href: str


def listing_checks() -> dict[str, Check]:
    """Map the code of each check that only lists to its declaration."""
    checks = (check for form in catalogue.forms().values() for check in form.checks)
    return {check.code: check for check in checks if check.level == Level.LISTING}


def findings_for(user: User, chosen: Mapping[str, str], order: Sequence[str] = ()) -> Any:
    """Return the findings that ``chosen`` asks for, of the sites where the person may see them, the newest first.

    Refuses: a check that looks at the arm.
    """
    refuse_check_of_arm(chosen.get("check"))
    rows = ListedFinding.objects.open_to(user, Permission.FINDING_VIEW)
    state = chosen.get("state") or "open"
    if state != "all":
        rows = rows.filter(gone_at__isnull=state == "open")
    wanted = {
        "site__code": chosen.get("site"),
        "record__form_code": chosen.get("form"),
        "check_code": chosen.get("check"),
        "participant__number": number_of_participant(chosen.get("participant", "")),
    }
    rows = rows.filter(**{column: value for column, value in wanted.items() if value})
    return rows.select_related("participant", "site", "record__visit").order_by(*(order or SORTED["found"]))


def lines_of(
    user: User, chosen: Mapping[str, str], order: Sequence[str] = ()
) -> tuple[Page[ListedFinding], list[FindingLine]]:
    """Return one page of the findings that ``chosen`` asks for, in a constant number of queries."""
    page = BoundedPaginator(findings_for(user, chosen, order), PER_PAGE).get_page(chosen.get("page"))
    return page, [line_of(row, reader=user) for row in page.object_list]


def line_of(row: ListedFinding, *, reader: User) -> FindingLine:
    """Return a finding as lists show it to the reader."""
    spared, record = is_spared_in_lists(row, reader), row.record
    form = catalogue.forms().get(row.form_code)
    form = worded(form, record.protocol_version) if form else None
    question = question_at(form, row.target) if form else None
    url = form_url(row.participant.number, row.form_code, visit_id=record.visit_id, sequence=record.sequence)
    return FindingLine(
        row=row,
        check=code_in_lists(row, reader),
        form_title=str(form.title) if form else row.form_code,
        label="" if spared or question is None else str(question.text),
        text=spared_words() if spared else text_of(row, form),
        href=f"{url}#q-{row.target}" if row.target and "." not in row.target else url,
        ask_href=_ask_url(row),
    )


def text_of(row: ListedFinding, form: FormDeclaration | None) -> str:
    """Return what the check of the form says, with the values it speaks of; its code where it exists no more."""
    check = next((each for each in form.checks if each.code == row.check_code), None) if form else None
    return rule_text(check.message, row.seen) if check else row.check_code


def _ask_url(row: ListedFinding) -> str:
    record = row.record
    url = reverse("crf:ask", args=[row.participant.number, row.form_code, record.sequence])
    return at_visit(url, record.visit_id)
