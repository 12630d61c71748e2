"""Who and where, as codes: people, sites and what a signature can mean. No person is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Role
from exports.odm.elements import Elements, in_languages, lazily
from exports.odm.study import CENTRAL, STUDY_OID, SYSTEM, metadata_oid, site_oid, user_oid
from exports.tables import STUDY
from protocol.text import load, versions
from trials.models import Delegation, Site

LEGAL_REASON: Final = _(
    "The person confirmed with their password that the electronic signature is the equivalent of one by hand."
)


@dataclass(frozen=True)
class Directory:
    """The places behind acts, and what was meant by signing, each with its code."""

    places: Mapping[int, str]
    meanings: Mapping[str, str]

    @classmethod
    def read(cls) -> Directory:
        """Read it from the tables of sites and signatures."""
        places = {pk: site_oid(code) for pk, code in Site.objects.order_by("code").values_list("pk", "code")}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT g.meaning FROM crf_recordsignature x "
                "JOIN accounts_signature g ON g.id = x.signature_id ORDER BY g.meaning"
            )
            said = [row[0] for row in cursor.fetchall()]
        return cls(places, {meaning: f"SIG.{number}" for number, meaning in enumerate(said, start=1)})


def admin_data(elements: Elements, directory: Directory) -> Any:
    """Return the element AdminData."""
    make = elements.make
    users = [make("User", {"OID": SYSTEM, "UserType": "Other"}, [_login(elements, STUDY)])]
    investigators = set(Delegation.objects.filter(role=Role.INVESTIGATOR).values_list("user_id", flat=True))
    for pk in User.objects.order_by("pk").values_list("pk", flat=True):
        kind = "Investigator" if pk in investigators else "Other"
        users.append(make("User", {"OID": user_oid(pk), "UserType": kind}, [_login(elements, user_oid(pk))]))
    places = [_location(elements, CENTRAL, STUDY, "Sponsor")]
    for code, name in Site.objects.order_by("code").values_list("code", "name"):
        places.append(_location(elements, site_oid(code), f"{code} {name}", "Site"))
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
