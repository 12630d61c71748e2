"""Releases of the dictionaries: loaded by the sponsor, put in use by a coder, searched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf.coding.release_files import LAYOUTS, FileMissing, ReadTerm
from crf.models import CodingDictionary, DictionaryInUse, DictionaryRelease, ReleasedTerm
from kernel.errors import Forbidden, Refusal
from kernel.punctuation import listed
from protocol.ctcae import folded

AT_ONCE = 2000
MOST_FOUND = 25
ENGLISH = "en"


class NotTheCoder(Forbidden):
    code = "crf.not_the_coder"
    message = _("Words are coded by the coders of the trial. Your role does not include it.")


class LicenceOfDictionary(Refusal):
    code = "crf.dictionary_licence"
    message = _("Say under which licence the dictionary is used.")


class ReleaseLoaded(Refusal):
    code = "crf.release_loaded"
    message = _(
        "{release} is loaded already, from other files. A release stays as it was loaded: give this one another "
        "version."
    )


class ReleaseEmpty(Refusal):
    code = "crf.release_empty"
    message = _("The files hold no term. Check them.")


class NoSuchRelease(Refusal):
    code = "crf.no_such_release"
    fields = ("version",)
    message = _("Version {version} of {dictionary} is not loaded. Choose a version that is.")
    status = 422


def read_release(*, dictionary: str, texts: Mapping[str, str]) -> list[ReadTerm]:
    """Return the terms in the files of a release. Refuses a file that is missing or not laid out as it should be."""
    layout = LAYOUTS[dictionary]
    if missing := [name for name in layout.files if name not in texts]:
        raise FileMissing(files=listed(missing))
    return list(layout.read(texts))


def load_release(
    *,
    dictionary: str,
    version: str,
    language: str,
    licence: str,
    terms: Iterable[ReadTerm],
    digest: str,
    at: datetime,
) -> int:
    """The release can be put in use; return how many terms are new: none where these files were loaded before.

    Whoever may run commands on the server loads it: the act is the system's and names the licence.
    Refuses: no licence; no term; other files for a version and language that are loaded.
    """
    if not licence.strip():
        raise LicenceOfDictionary
    of: dict[str, Any] = {"dictionary": dictionary, "version": version, "language": language}
    if known := DictionaryRelease.objects.filter(**of).first():
        if known.digest != digest:
            raise ReleaseLoaded(release=known)
        return 0
    loaded = 0
    with open_act("crf:dictionary:load", by=None, at=at, reason=licence) as act:
        release = DictionaryRelease.objects.create(
            **of, licence=licence, digest=digest, loaded_at=at, act=act
        )
        rows = (_row(release, term, act) for term in terms)
        while some := list(islice(rows, AT_ONCE)):
            ReleasedTerm.objects.bulk_create(some)
            loaded += len(some)
        if not loaded:
            raise ReleaseEmpty
    return loaded


def _row(release: DictionaryRelease, term: ReadTerm, act: Any) -> ReleasedTerm:
    return ReleasedTerm(
        release=release,
        code=term.code,
        name=term.name,
        folded=folded(term.name),
        is_current=term.is_current,
        preferred_code=term.preferred_code,
        preferred=term.preferred,
        classes=[list(each) for each in term.classes],
        act=act,
    )


def use_version(*, dictionary: str, version: str, by: User, at: datetime) -> DictionaryInUse:
    """The trial codes with this version from now on; what was coded with another one is listed for coding anew.

    Refuses: who is no coder of the whole trial; a version that is not loaded. Locks: what says which is in use.
    """
    if not by.may(Permission.CODING_DECIDE):
        raise NotTheCoder
    if not DictionaryRelease.objects.filter(dictionary=dictionary, version=version).exists():
        raise NoSuchRelease(version=version, dictionary=CodingDictionary(dictionary).label)
    with open_act("crf:dictionary:use", by=by, at=at, reason=f"{dictionary} {version}") as act:
        row = DictionaryInUse.objects.select_for_update().filter(dictionary=dictionary).first()
        row = row or DictionaryInUse(dictionary=dictionary)
        row.version, row.act = version, act
        row.save()
    return row


def versions_in_use() -> dict[str, str]:
    """Map each dictionary that the trial codes with to the version in use."""
    return dict(DictionaryInUse.objects.values_list("dictionary", "version"))


def terms_in_use(dictionary: str) -> QuerySet[ReleasedTerm]:
    """Return the terms of the version in use, in every language that is loaded; English first."""
    in_use = DictionaryInUse.objects.filter(dictionary=dictionary).values("version")
    terms = ReleasedTerm.objects.filter(release__dictionary=dictionary, release__version__in=in_use)
    return terms.order_by("release__language", "pk")


def find_terms(dictionary: str, text: str) -> list[ReleasedTerm]:
    """Return the current terms in use that hold ``text``, each once, the nearest first: the same, begun with, within.

    A code finds its term too.
    """
    looked_for = folded(text)
    if not looked_for:
        return []
    near = Case(
        When(Q(folded=looked_for) | Q(code=looked_for), then=Value(0)),
        When(folded__startswith=looked_for, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    fitting = Q(folded__contains=looked_for) | Q(code=looked_for)
    terms = terms_in_use(dictionary).filter(fitting, is_current=True).annotate(near=near)
    ordered = terms.order_by("near", Length("name"), "folded", "release__language")[: 2 * MOST_FOUND]
    once: dict[str, ReleasedTerm] = {}
    for term in ordered:
        once.setdefault(term.code, term)
    return list(once.values())[:MOST_FOUND]
