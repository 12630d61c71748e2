"""Changing the identity key: everything sealed is sealed anew under the first key of the environment."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from accounts.services import change_person
from audit.acts import open_act
from trials.models import ContactIdentity, NewsReader, SendingMark, Site
from website.identity import digest_of, seal, unseal
from website.services.news import as_nobody
from website.services.requests import bound, only_of


def seal_anew(*, at: datetime) -> int:
    """Every identity, reader's address and second factor is sealed under the first key; return how many were.

    Marks of sendings are dropped: they last a day, and nobody can compute them under the new key.

    Locks: each reader, each person with an app and each identity.
    """
    with as_nobody():
        sites = list(Site.objects.values_list("pk", flat=True))
        with open_act("trials:identity_key:change", by=None, at=at):
            done = sum(_seal_reader(reader) for reader in NewsReader.objects.select_for_update())
            done += sum(_seal_factor(user, at) for user in User.objects.exclude(totp_secret=""))
            SendingMark.objects.all().delete()
            for site_id in sites:
                with only_of(site_id):
                    locked = ContactIdentity.objects.select_for_update(of=("self",)).select_related("request")
                    done += sum(_seal_identity(identity) for identity in locked)
    return done


def _seal_factor(user: User, at: datetime) -> bool:
    """Digests of recovery codes are made with the key and cannot be made anew: their owners make new ones.

    A secret that no key opens stays as it is.
    """
    if not user.app_secret:
        return False
    change_person(user=user, by=None, at=at, verb="reseal", totp_secret=user.app_secret)
    return True


def _seal_identity(identity: ContactIdentity) -> bool:
    about = bound(identity.request)
    identity.sealed = seal(unseal(identity.sealed, bound_to=about), bound_to=about)
    identity.save(update_fields=["sealed"])
    return True


def _seal_reader(reader: NewsReader) -> bool:
    about = f"news reader {reader.key}"
    values = unseal(reader.sealed, bound_to=about)
    reader.sealed, reader.digest = seal(values, bound_to=about), digest_of("news", values["email"].lower())
    reader.save(update_fields=["sealed", "digest"])
    return True
