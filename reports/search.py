"""What somebody looks for, found by what they type: participants with visits and forms, queries, sites, actions.

Everything is asked of what is open to the person; a number of another site finds what a number of nobody finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine.declaration import Repeats
from crf.links import form_url, log_url
from crf.models import Query
from followup.history import text_for
from followup.models import Visit
from followup.wording import visit_name
from kernel.reading import plain
from kernel.row_keys import row_key, row_of
from reports.actions import actions_of
from reports.participants import numbered
from trials.models import Participant, Site

MOST_OF_A_KIND: Final = 8


@dataclass(frozen=True)
class SearchHit:
    """One thing that was looked for, and where it is."""

    label: str
    about: str
    href: str
    icon: str


@dataclass(frozen=True)
class SearchKind:
    """Everything of one kind that fits."""

    title: str | Promise
    hits: tuple[SearchHit, ...]


@dataclass(frozen=True)
class NamedPage:
    """A page that is found by its name, for whoever holds the permission."""

    label: str | Promise
    icon: str
    url_name: str
    permission: Permission | None = None


ACTIONS: Final = (
    NamedPage(_("Register a participant"), "person-plus", "trials:register", Permission.PARTICIPANT_REGISTER),
    NamedPage(_("Sign forms together"), "pen", "crf:sign-lot", Permission.CRF_SIGN),
    NamedPage(_("Answer several queries"), "chat-left-text", "crf:queries-several", Permission.QUERY_ANSWER),
    NamedPage(_("New export"), "file-earmark-arrow-down", "exports:new", Permission.EXPORT_TAKE),
    NamedPage(_("New listing"), "list", "crf:new-listing", Permission.CRF_VIEW),
    NamedPage(_("New site"), "hospital", "trials:new-site", Permission.SITE_MANAGE),
    NamedPage(_("New person"), "person-plus", "trials:new-person", Permission.PERSON_DELEGATE),
    NamedPage(_("Define a scheme"), "shuffle", "randomization:define", Permission.SCHEME_DEFINE),
    NamedPage(_("Make a pack"), "file-earmark-text", "committee:new-pack", Permission.PACK_MAKE),
    NamedPage(_("My account"), "key", "accounts:profile"),
    NamedPage(_("Help"), "question-circle", "help"),
)


def search(typed: str, *, user: User, pages: Iterable[NamedPage]) -> list[SearchKind]:
    """Return what fits, the participants first; of an empty text the actions and pages."""
    words = plain(typed).split()
    first, rest = (words[0], " ".join(words[1:])) if words else ("", "")
    people = _participants(first, user) if first else []
    kinds = [
        SearchKind(_("Participants"), tuple(_person(person) for person in people if not rest)),
        *(_of_one(people[0], rest, user) if len(people) == 1 else ()),
        SearchKind(_("Queries"), tuple(_queries(words, user))),
        SearchKind(_("Sites"), tuple(_sites(" ".join(words), user))),
        SearchKind(_("Forms"), tuple(_forms(" ".join(words), user))),
        SearchKind(_("Actions"), tuple(_named(ACTIONS, words, user))),
        SearchKind(pgettext_lazy("search", "Pages"), tuple(_named(pages, words, user))),
    ]
    return [kind for kind in kinds if kind.hits]


def _participants(typed: str, user: User) -> list[Participant]:
    rows = Participant.objects.open_to(user, Permission.PARTICIPANT_VIEW).select_related("site")
    return list(numbered(rows, typed).order_by("number")[:MOST_OF_A_KIND])


def _person(person: Participant) -> SearchHit:
    about = f"{person.get_state_display()} · {person.site}"
    return SearchHit(person.number, about, person.get_absolute_url(), "people")


def _of_one(person: Participant, rest: str, user: User) -> Iterator[SearchKind]:
    """Yield visits, forms and actions of the one participant whose number was typed, narrowed by the words after it."""
    yield SearchKind(_("Visits"), tuple(_visits_of(person, rest, user)))
    yield SearchKind(_("Forms"), tuple(_forms_of(person, rest, user)))
    actions = (
        SearchHit(str(action.label), person.number, action.href, action.icon)
        for action in actions_of(person, user)
        if _fits(rest, str(action.label))
    )
    yield SearchKind(_("Actions"), tuple(actions))


def _visits_of(person: Participant, rest: str, user: User) -> Iterator[SearchHit]:
    if not rest or not user.may(Permission.VISIT_VIEW, person.site_id):
        return
    text, left = text_for(person), MOST_OF_A_KIND
    for visit in Visit.objects.filter(participant=person).current():
        visit.participant = person
        name = visit_name(text, visit)
        if left and _fits(rest, str(visit), name):
            left -= 1
            yield SearchHit(f"{person.number} {visit}", name, visit.get_absolute_url(), "calendar-event")


def _forms_of(person: Participant, rest: str, user: User) -> Iterator[SearchHit]:
    """Yield the forms of which a participant has one or a list; those of visits are reached by the visit."""
    if not rest or not user.may(Permission.CRF_VIEW, person.site_id):
        return
    for form in catalogue.forms().values():
        is_open = person.arm is not None or form.before_randomization
        if is_open and form.repeats is not Repeats.PER_VISIT and _fits(rest, form.code, str(form.title)):
            is_log = form.repeats is Repeats.LOG
            href = log_url(person.number, form.code) if is_log else form_url(person.number, form.code)
            yield SearchHit(f"{person.number} {form.code}", str(form.title), href, "pencil")


def _queries(words: list[str], user: User) -> Iterator[SearchHit]:
    number = row_of("query", words[0].removeprefix("#")) if len(words) == 1 else None
    if number is None or not user.may(Permission.QUERY_VIEW):
        return
    for query in (
        Query.objects.open_to(user, Permission.QUERY_VIEW).filter(pk=number).select_related("participant")
    ):
        about = f"{query.participant.number} · {query.form_code}"
        yield SearchHit(f"#{row_key(query)}", about, query.get_absolute_url(), "chat-left-text")


def _sites(typed: str, user: User) -> Iterator[SearchHit]:
    if not typed or not user.may(Permission.SITE_VIEW):
        return
    named = Q(code=typed) | Q(name__icontains=typed) | Q(name_zh__icontains=typed) | Q(city__icontains=typed)
    rows = Site.objects.open_to(user, Permission.SITE_VIEW).filter(named | Q(city_zh__icontains=typed))
    for site in rows[:MOST_OF_A_KIND]:
        yield SearchHit(str(site), site.get_state_display(), site.get_absolute_url(), "hospital")


def _forms(typed: str, user: User) -> Iterator[SearchHit]:
    """Yield where the unfinished ones of a form stand, for a form that is named without a participant."""
    if not typed or not user.may(Permission.CRF_VIEW):
        return
    page = reverse("reports:unfinished-forms")
    for form in catalogue.forms().values():
        if _fits(typed, form.code, str(form.title)):
            yield SearchHit(
                form.code, f"{form.title} · {_('to fill in')}", f"{page}?form={form.code}", "pencil"
            )


def _named(pages: Iterable[NamedPage], words: list[str], user: User) -> Iterator[SearchHit]:
    for page in pages:
        if (page.permission is None or user.may(page.permission)) and _fits(" ".join(words), str(page.label)):
            yield SearchHit(str(page.label), "", reverse(page.url_name), page.icon)


def _fits(typed: str, *texts: str) -> bool:
    """Say whether every word that was typed stands in one of the texts."""
    return all(any(word in text.casefold() for text in texts) for word in typed.casefold().split())
