"""What may stand after the question mark: each address says which parameters it takes, and refuses every other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter

from accounts.permissions import Permission
from crf import catalogue
from crf.page.findings import STATES, listing_checks
from exports.api.pages import ByKey
from followup.models import VisitState
from kernel.errors import Refusal
from trials.models import Participant, Site
from trials.models.participants import Track

if TYPE_CHECKING:
    from exports.api.requests import CallerRequest


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
    """One parameter: how the schema describes it, and which values it takes."""

    name: str
    kind: type
    text: str
    check: ValueCheck

    def described(self) -> OpenApiParameter:
        return OpenApiParameter(self.name, self.kind, description=self.text)


def one_of(values: Collection[str]) -> ValueCheck:
    """Return the check that a value is one of ``values``."""
    return lambda request, value: "" if value in values else ", ".join(values)


def _anything(request: CallerRequest, value: str) -> str:
    return ""


def _site(request: CallerRequest, value: str) -> str:
    codes = [site.code for site in Site.objects.open_to(request.user, Permission.PARTICIPANT_VIEW)]
    return "" if value in codes else ", ".join(sorted(codes))


def _participant(request: CallerRequest, value: str) -> str:
    """Answer alike for a participant of another site and for nobody."""
    seen = Participant.objects.open_to(request.user, Permission.PARTICIPANT_VIEW).filter(number=value)
    return "" if seen.exists() else _("the numbers of participants whom you may see")


def _form(request: CallerRequest, value: str) -> str:
    return "" if value in catalogue.forms() else ", ".join(catalogue.forms())


def _listing_check(request: CallerRequest, value: str) -> str:
    return "" if value in listing_checks() else ", ".join(listing_checks())


def _page_size(request: CallerRequest, value: str) -> str:
    longest = ByKey.max_page_size
    fits = value.isascii() and value.isdecimal() and len(value) <= len(str(longest))
    return "" if fits and 1 <= int(value) <= longest else f"1–{longest}"


CURSOR: Final = QueryParameter("cursor", str, "The page, as given in next or previous.", _anything)
PAGE_SIZE: Final = QueryParameter("page_size", int, "Rows on a page, 500 at most.", _page_size)
PAGE: Final = (CURSOR, PAGE_SIZE)
SITE: Final = QueryParameter("site", str, "The code of a site.", _site)
PARTICIPANT: Final = QueryParameter("participant", str, "The number of a participant.", _participant)
PARTICIPANT_STATE: Final = QueryParameter("state", str, "Where participants stand.", one_of(Track.values))
VISIT_STATE: Final = QueryParameter("state", str, "Where visits stand.", one_of(VisitState.values))
PURPOSE: Final = QueryParameter(
    "purpose", str, "What the answers of many participants are read for; kept in the audit trail.", _anything
)
FORM: Final = QueryParameter("form", str, "The code of a form.", _form)
CHECK: Final = QueryParameter("check", str, "The code of a check of level listing.", _listing_check)
FINDING_STATE: Final = QueryParameter(
    "state",
    str,
    "Findings that the answers show (open, unless you say otherwise), gone, or all.",
    one_of(FINDING_STATES),
)
CHANGED_SINCE: Final = QueryParameter(
    "changed_since",
    str,
    "The changed_until of an earlier answer: nothing that was written since is left out. A moment with its offset is "
    "taken too; what was being written at it may then be missed.",
    _anything,
)
VISIT: Final = QueryParameter("visit", int, "The id of a visit, for a form of one.", _anything)
SEQUENCE: Final = QueryParameter(
    "sequence", int, "Which record, for a form that is filled several times.", _anything
)

Parameters = Mapping[str, tuple[QueryParameter, ...]]  # by method


def refuse_unknown_parameters(request: CallerRequest, taken: tuple[QueryParameter, ...]) -> None:
    """Refuse what would be ignored in silence: the caller would believe in a filter that does not exist."""
    known = {parameter.name: parameter for parameter in taken}
    for name, values in request.query_params.lists():
        if name not in known:
            raise UnknownParameter(name=name, known=", ".join(known) or "–")
        if len(values) != 1:
            raise RepeatedParameter(name=name)
        if may_be := known[name].check(request, values[0]):
            raise UnknownValue(value=values[0], name=name, known=may_be)
