"""The contact page as it stands before the visitor: the form, the centres, and what is said about the city."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kernel.days import in_chinese
from website.contact.centres import Centre, any_centre, open_centres
from website.contact.cities import cities
from website.contact.forms import LANGUAGES, CallRequestForm, city_of
from website.contact.tokens import FormToken, new_token, read_token

TYPED = ("first_name", "last_name", "phone", "email", "language", "message", "consent")


@dataclass
class ContactPage:
    """One request of the page: what was typed in it, against the centres that are open now."""

    form: CallRequestForm
    token: FormToken
    centres: list[Centre]
    chosen: str
    city: str = ""
    city_note: str = ""
    closed: str = ""
    is_stale: bool = False
    too_often: bool = False
    asks_again: bool = False
    status: int = 200
    cities: list[str] = field(default_factory=list)
    languages: tuple[str, ...] = LANGUAGES

    def context(self) -> dict[str, Any]:
        """Return what the template shows."""
        return {
            "page": self,
            "form": self.form,
            "centres": self.centres,
            "has_distances": self._has_distances(),
        }

    def _has_distances(self) -> bool:
        return any(centre.distance is not None for centre in self.centres)

    @property
    def next_centre(self) -> Centre | None:
        """The centre that is offered instead of the closed one."""
        return next((centre for centre in self.centres if centre.code == self.chosen), None)


def opened(request: HttpRequest, at: datetime) -> ContactPage:
    """Return the page as it is opened: nothing typed, the centre of ``?site=`` chosen."""
    centres = open_centres(at=at)
    spoken = LANGUAGES[0] if in_chinese() else LANGUAGES[1]
    form = CallRequestForm(centres=centres, initial={"language": spoken})
    wanted = request.GET.get("site", "")
    chosen = wanted if wanted in {centre.code for centre in centres} else ""
    return ContactPage(form, new_token(at), centres, chosen, cities=_city_names())


def looked_up(request: HttpRequest, at: datetime) -> ContactPage:
    """Return the page with the centres by distance from the city typed; everything else stays as it was typed."""
    city, note = city_of(request.POST.get("city", ""))
    centres = open_centres(near=(city.latitude, city.longitude) if city else None, at=at)
    form = CallRequestForm(centres=centres, initial={name: request.POST.get(name, "") for name in TYPED})
    chosen = centres[0].code if city and centres else request.POST.get("site", "")
    page = ContactPage(form, _token(request, at)[0], centres, chosen, cities=_city_names())
    page.city, page.city_note = request.POST.get("city", ""), note
    return page


def sent(request: HttpRequest, at: datetime) -> ContactPage:
    """Return the page with what was sent, judged."""
    city, _note = city_of(request.POST.get("city", ""))
    near = (city.latitude, city.longitude) if city else None
    chosen = request.POST.get("site", "")
    centres = open_centres(near=near, at=at)
    closed = "" if not chosen or chosen in {centre.code for centre in centres} else _name_of(chosen, at)
    token, is_ours = _token(request, at)
    page = ContactPage(
        CallRequestForm(request.POST, centres=centres), token, centres, chosen, cities=_city_names()
    )
    page.city, page.is_stale = request.POST.get("city", ""), not is_ours
    if closed:
        offer_next(page, closed, near, at=at)
    if not page.form.is_valid() or page.is_stale:
        page.status = 409 if closed else 422
    return page


def offer_next(
    page: ContactPage, closed: str, near: tuple[float, float] | None = None, *, at: datetime
) -> None:
    """The page says that the centre takes no requests now, and chooses the nearest one that does."""
    page.closed, page.status = closed, 409
    page.centres = open_centres(near=near or _position_of(page.chosen, at), at=at)
    page.chosen = page.centres[0].code if page.centres else ""


def _token(request: HttpRequest, at: datetime) -> tuple[FormToken, bool]:
    token = read_token(request.POST.get("token", ""), at)
    return (token, True) if token else (new_token(at), False)


def _city_names() -> list[str]:
    language = get_language() or "en"
    return sorted({city.name_in(language) for city in cities()})


def _name_of(code: str, at: datetime) -> str:
    centre = any_centre(code, at=at)
    return centre.name if centre else _("The centre that you chose")


def _position_of(code: str, at: datetime) -> tuple[float, float] | None:
    centre = any_centre(code, at=at)
    return centre.position if centre else None
