"""What may stand after the question mark: each address says which parameters it takes, and refuses every other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter

from accounts.permissions import Permission
from crf import catalogue
from crf.page.findings import STATES, listing_checks
from exports.api.described import DAY, MOMENT, Schema, one_of_codes
from exports.api.pages import ByKey
from followup.models import VisitState
from kernel.errors import Refusal
from kernel.punctuation import listed
from kernel.reading import UnreadableError, moment
from trials.models import Participant, Site
from trials.models.participants import Track

if TYPE_CHECKING:
    from exports.api.requests import CallerRequest


MOST_DIGITS: Final = 7
FINDING_STATES: Final = tuple(value for value, _label in STATES)


class UnknownParameter(Refusal):
    code = "exports.unknown_parameter"
    message = gettext_lazy("This address has no parameter “{name}”. It takes: {known}.")
    status = 400


class RepeatedParameter(Refusal):
    code = "exports.repeated_parameter"
    message = gettext_lazy("The parameter “{name}” is given more than once. Give it once.")
    status = 400


class UnknownValue(Refusal):
    code = "exports.unknown_value"
    message = gettext_lazy("“{value}” is not among the values of “{name}”. It takes: {known}.")
    status = 400


ValueCheck = Callable[
    ["CallerRequest", str], str
]  # what the value may be, in words; empty where it is one of them


@dataclass(frozen=True)
class QueryParameter:
    """One parameter: how the schema describes it, and which values it takes.

    ``kind`` is a type, or the schema of the values where the description can name them.
    """

    name: str
    kind: type | Schema
    text: str
    check: ValueCheck

    def described(self) -> OpenApiParameter:
        kind: Any = self.kind if isinstance(self.kind, type) else dict(self.kind)
        return OpenApiParameter(self.name, kind, description=self.text)


def one_of(values: Collection[str]) -> ValueCheck:
    """Return the check that a value is one of ``values``."""
    return lambda request, value: "" if value in values else listed(values)


def anything(request: CallerRequest, value: str) -> str:
    """Take every text."""
    return ""


def _site(request: CallerRequest, value: str) -> str:
    codes = [site.code for site in Site.objects.open_to(request.user, Permission.PARTICIPANT_VIEW)]
    return "" if value in codes else listed(sorted(codes))


def _participant(request: CallerRequest, value: str) -> str:
    """Answer alike for a participant of another site and for nobody."""
    seen = Participant.objects.open_to(request.user, Permission.PARTICIPANT_VIEW).filter(number=value)
    return "" if seen.exists() else _("the numbers of participants whom you may see")


def _form(request: CallerRequest, value: str) -> str:
    return "" if value in catalogue.forms() else listed(catalogue.forms())


def _listing_check(request: CallerRequest, value: str) -> str:
    return "" if value in listing_checks() else listed(listing_checks())


def _page_size(request: CallerRequest, value: str) -> str:
    longest = ByKey.max_page_size
    fits = value.isascii() and value.isdecimal() and len(value) <= len(str(longest))
    return "" if fits and 1 <= int(value) <= longest else f"1–{longest}"


def _past_moment(request: CallerRequest, value: str) -> str:
    try:
        fits = moment(value) <= timezone.now()
    except UnreadableError:
        fits = False
    return "" if fits else _("a moment up to now with its offset, such as 2026-10-01T08:00:00+08:00")


def _day(request: CallerRequest, value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        return _("a day such as 2026-10-01")
    return ""


def counted(request: CallerRequest, value: str) -> str:
    """Say what the number of a page may be."""
    fits = value.isascii() and value.isdecimal() and len(value) < MOST_DIGITS and int(value) > 0
    return "" if fits else "1, 2, …"


CURSOR: Final = QueryParameter("cursor", str, "The page, as given in next or previous.", anything)
PAGE_SIZE: Final = QueryParameter(
    "page_size",
    {"type": "integer", "minimum": 1, "maximum": ByKey.max_page_size},
    "Rows on a page, 500 at most.",
    _page_size,
)
PAGE: Final = (CURSOR, PAGE_SIZE)
SITE: Final = QueryParameter("site", str, "The code of a site.", _site)
PARTICIPANT: Final = QueryParameter("participant", str, "The number of a participant.", _participant)
PARTICIPANT_STATE: Final = QueryParameter(
    "state", one_of_codes(Track.values), "Where participants stand.", one_of(Track.values)
)
VISIT_STATE: Final = QueryParameter(
    "state", one_of_codes(VisitState.values), "Where visits stand.", one_of(VisitState.values)
)
PURPOSE: Final = QueryParameter(
    "purpose", str, "What the answers of many participants are read for; kept in the audit trail.", anything
)
FORM: Final = QueryParameter("form", one_of_codes(catalogue.forms()), "The code of a form.", _form)
CHECK: Final = QueryParameter(
    "check", one_of_codes(listing_checks()), "The code of a check of level listing.", _listing_check
)
FINDING_STATE: Final = QueryParameter(
    "state",
    one_of_codes(FINDING_STATES),
    "Findings that the answers show (open, unless you say otherwise), gone, or all.",
    one_of(FINDING_STATES),
)
CHANGED_SINCE: Final = QueryParameter(
    "changed_since",
    str,
    "The changed_until of an earlier answer: nothing that was written since is left out. A moment with its offset is "
    "taken too; what was being written at it may then be missed.",
    anything,
)
AS_OF: Final = QueryParameter(
    "as_of",
    MOMENT,
    "A moment with its offset: what was stored by then, as it stood then. Not together with changed_since.",
    _past_moment,
)
SINCE_DAY: Final = QueryParameter("from", DAY, "The first day of the acts, by the clock of the trial.", _day)
UNTIL_DAY: Final = QueryParameter("until", DAY, "The last day of the acts, by the clock of the trial.", _day)
VISIT: Final = QueryParameter("visit", str, "The id of a visit, for a form of one.", anything)
SEQUENCE: Final = QueryParameter(
    "sequence", int, "Which record, for a form that is filled several times.", anything
)

Parameters = Mapping[str, tuple[QueryParameter, ...]]  # by method


def refuse_unknown_parameters(request: CallerRequest, taken: tuple[QueryParameter, ...]) -> None:
    """Refuse what would be ignored in silence: the caller would believe in a filter that does not exist."""
    known = {parameter.name: parameter for parameter in taken}
    for name, values in request.query_params.lists():
        if name not in known:
            raise UnknownParameter(name=name, known=listed(known) or "–")
        if len(values) != 1:
            raise RepeatedParameter(name=name)
        if may_be := known[name].check(request, values[0]):
            raise UnknownValue(value=values[0], name=name, known=may_be)
