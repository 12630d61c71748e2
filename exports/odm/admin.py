"""Who and where, as codes: people, sites and what a signature can mean. No person is named."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from accounts.permissions import Role
from audit.leaf_format import LeafKeys
from audit.models import Act
from exports.odm.elements import Elements, in_languages, lazily
from exports.odm.study import CENTRAL, STUDY_OID, SYSTEM, metadata_oid, site_oid
from exports.tables import STUDY
from protocol.text import load, versions
from trials.models import Delegation, Site

LEGAL_REASON: Final = _(
    "The person confirmed with their password that the electronic signature is the equivalent of one by hand."
)


@dataclass(frozen=True)
class Directory:
    """The people and places behind acts, and what was meant by signing, each with its code.

    With ``keys`` the code of a row is its key: a file for one site tells no number that counts the others' rows.
    """

    people: tuple[int, ...]
    sites: tuple[Site, ...]
    meanings: Mapping[str, str]
    keys: LeafKeys | None = None

    @classmethod
    def read(cls) -> Directory:
        """Read all of the trial."""
        return cls._of(User.objects.all(), Site.objects.all())

    @classmethod
    def of_site(cls, site: Site, acts: Collection[int], keys: LeafKeys) -> Directory:
        """Read the site, and whoever and whatever place stands behind these acts; nobody and no place else."""
        told = Act.objects.filter(pk__in=acts).order_by()
        people = User.objects.filter(pk__in=told.exclude(by=None).values("by"))
        places = Site.objects.filter(Q(pk=site.pk) | Q(pk__in=told.values("site_id")))
        return replace(cls._of(people, places), keys=keys)

    @classmethod
    def _of(cls, people: QuerySet[User], sites: QuerySet[Site]) -> Directory:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT g.meaning FROM crf_recordsignature x "
                "JOIN accounts_signature g ON g.id = x.signature_id ORDER BY g.meaning"
            )
            said = [row[0] for row in cursor.fetchall()]
        meanings = {meaning: f"SIG.{number}" for number, meaning in enumerate(said, start=1)}
        return cls(tuple(people.order_by("pk").values_list("pk", flat=True)), tuple(sites), meanings)

    @cached_property
    def places(self) -> Mapping[int, str]:
        """The code of each place by its number."""
        return {each.pk: site_oid(each.code) for each in self.sites}

    def person(self, number: int | None) -> str:
        """Return the code of a person, who is named nowhere in the file."""
        if number is None:
            return SYSTEM
        return f"USR.{self.keys.key(User._meta.db_table, number) if self.keys else f'{number:04d}'}"

    def signature(self, number: int) -> str:
        """Return the code of a signature."""
        return f"S.{self.keys.key(Signature._meta.db_table, number) if self.keys else number}"


def admin_data(elements: Elements, directory: Directory) -> Any:
    """Return the element AdminData."""
    make = elements.make
    users = [make("User", {"OID": SYSTEM, "UserType": "Other"}, [_login(elements, STUDY)])]
    investigators = set(Delegation.objects.filter(role=Role.INVESTIGATOR).values_list("user_id", flat=True))
    for pk in directory.people:
        kind = "Investigator" if pk in investigators else "Other"
        code = directory.person(pk)
        users.append(make("User", {"OID": code, "UserType": kind}, [_login(elements, code)]))
    places = [_location(elements, CENTRAL, STUDY, "Sponsor")]
    sites = sorted(directory.sites, key=lambda site: site.code)
    places += [_location(elements, site_oid(each.code), f"{each.code} {each.name}", "Site") for each in sites]
    signed = [
        make(
            "SignatureDef",
            {"OID": oid, "Methodology": "Electronic"},
            [
                make("Meaning", text=meaning),
                make("LegalReason", text=in_languages(lazily(LEGAL_REASON))["en"]),
            ],
        )
        for meaning, oid in directory.meanings.items()
    ]
    return make("AdminData", {"StudyOID": STUDY_OID}, [*users, *places, *signed])


def _login(elements: Elements, code: str) -> Any:
    """Return the code of a person where the standard has their name."""
    return elements.make("UserName" if elements.is_20 else "LoginName", text=code)


def _location(elements: Elements, oid: str, name: str, kind: str) -> Any:
    effective = load(versions()[-1]).head.released_on.isoformat()
    of_definitions = elements.make(
        "MetaDataVersionRef",
        {"StudyOID": STUDY_OID, "MetaDataVersionOID": metadata_oid(), "EffectiveDate": effective},
    )
    said = {"OID": oid, "Name": name, ("Role" if elements.is_20 else "LocationType"): kind}
    return elements.make("Location", said, [of_definitions])
