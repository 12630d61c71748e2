"""Schemes and their lists: asked for by a statistician, activated by a second person (protocol 1.9)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature, User
from accounts.permissions import Permission
from accounts.services import sign
from audit.acts import open_act
from audit.models import Act
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from kernel.punctuation import listed
from kernel.scope import EVERYTHING, scope
from kernel.turns import wait_for_turn
from protocol.text import load
from randomization.allocation.readiness import stratum_name
from randomization.allocation_list import functions
from randomization.allocation_list.keys import list_keys
from randomization.models import ListPart, PartKind, Scheme, SchemeState
from randomization.scheme import generation, sealing
from randomization.scheme.blocks import BlockSize, Design, DesignError
from randomization.scheme.coins import CoinDesign
from randomization.scheme.generation import AnyDesign
from randomization.scheme.simulation import Method
from randomization.services import minimizing
from randomization.services.notices import publish_root
from trials.models import Site
from trials.models.sites import SiteState

DEFAULT_PLACES: Final = 200


DESIGN_FAULTS: Final = {
    "scheme-unnamed": _("The scheme has no name."),
    "arms-not-distinct": _("The arms are not two different ones."),
    "ratio-not-per-arm": _("The ratio does not give a whole number for each arm."),
    "blocks-missing": _("No block size is given."),
    "blocks-repeated": _("A block size is given twice."),
    "block-weight-below-one": _("A block size has a weight below one."),
    "coin-not-biased": _("The coin of minimization favours the balancing arm by more than a half."),
    "block-not-multiple-of-ratio": _("A block size is not a multiple of the sum of the ratio."),
}


class MayNotDefine(Forbidden):
    code = "randomization.may_not_define"
    message = _("Only a statistician who is on no site team defines a scheme or asks for a list.")


class MayNotActivate(Forbidden):
    code = "randomization.may_not_activate"
    message = _("A list is activated by a statistician or the trial manager.")


class DesignRefused(Refusal):
    code = "randomization.design_refused"
    message = _("The scheme cannot give a list. {why}")
    status = 422


class SchemeNameTaken(Refusal):
    code = "randomization.scheme_name_taken"
    fields = ("name",)
    message = _("A scheme is called {name} already. Choose another name.")


class SecondPersonNeeded(Refusal):
    code = "randomization.second_person_needed"
    message = _("You asked for this list, so somebody else activates it.")


class ListActive(Refusal):
    code = "randomization.list_active"
    message = _("This list was activated on {day} already.")


class ListRejected(Refusal):
    code = "randomization.list_rejected"
    message = _("This list was rejected on {day}. Ask for a new one.")


class SchemeNotActive(Refusal):
    code = "randomization.scheme_not_active"
    message = _(
        "Scheme {scheme} is not active. Sites and places are added to the active scheme only, and only it is closed."
    )


class AnotherSchemeActive(Refusal):
    code = "randomization.another_scheme_active"
    message = _("Scheme {scheme} is active. A trial allocates by one scheme; close that one first.")


class NoSites(Refusal):
    code = "randomization.no_sites"
    message = _("There is no site that this list could be made for. Create the site first.")


class StrataCoveredAlready(Refusal):
    code = "randomization.strata_covered_already"
    message = _("These strata have a list already: {strata}. Ask for more places instead.")


class ExtensionAtServer(Refusal):
    code = "randomization.extension_at_server"
    message = _(
        "More places continue the sealed list, which this server cannot read. On the machine that holds the "
        "owner's key run: manage.py allocation_list extend --list {label}"
    )


def define_scheme(
    *,
    name: str,
    blocks: Sequence[BlockSize] | None = None,
    places_per_stratum: int = DEFAULT_PLACES,
    method: Method = "blocks",
    by: User,
    password: str,
    at: datetime,
) -> ListPart:
    """A scheme is drafted and signed, with its first list asked for over all sites that are not closed.

    Block sizes, by default those of the protocol text, are sealed into the allocation schema; no row that
    site people can reach states them. Minimization is refused while it is switched off (ADR 14).

    Refuses: a name that is taken. Locks: the series of schemes.
    """
    _refuse_unless_statistician(by)
    design = _design(name, blocks) if method == "blocks" else _coin_design(name)
    with open_act("randomization:scheme:define", by=by, at=at) as act, scope(user_id=by.pk, sites=EVERYTHING):
        wait_for_turn("schemes")
        if Scheme.objects.filter(name=name).exists():
            raise SchemeNameTaken(name=name)
        latest = Scheme.objects.aggregate(last=Max("version"))["last"] or 0
        scheme = Scheme.objects.create(
            version=latest + 1,
            name=name,
            algorithm=generation.algorithm_of(design),
            ratio=":".join(str(share) for share in load(settings.PROTOCOL_VERSION).randomization.ratio),
            stages=list(stage_groups()),
            places_per_stratum=places_per_stratum,
            defined_by=by,
            defined_at=at,
            act=act,
        )
        sealed = sealing.seal(
            list_keys(), sealing.design_content(design.canonical()), bound=functions.design_binding(name)
        )
        functions.keep_design(scheme_id=scheme.pk, scheme=name, sealed=sealed)
        sites = Site.objects.exclude(state__in=(SiteState.CLOSED, SiteState.CLOSED_OUT))
        return _ask(scheme, PartKind.FIRST, _strata_of(sites), by=by, password=password, at=at, act=act)


def _refuse_unless_statistician(by: User) -> None:
    if not by.may(Permission.SCHEME_DEFINE) or by.may(Permission.CRF_EDIT):
        raise MayNotDefine


def stage_groups() -> tuple[str, ...]:
    """The clinical stage groups that strata are made of (protocol 1.9)."""
    (factor,) = (
        factor
        for factor in load(settings.PROTOCOL_VERSION).randomization.strata
        if factor.code == "stage_group"
    )
    return factor.levels


def default_blocks() -> tuple[BlockSize, ...]:
    """The block sizes of the protocol text, each as likely as the other."""
    return tuple(
        BlockSize(size) for size in load(settings.PROTOCOL_VERSION).randomization.scheme_default.block_sizes
    )


def _design(name: str, blocks: Sequence[BlockSize] | None) -> Design:
    chosen = default_blocks() if blocks is None else tuple(blocks)
    try:
        return Design(scheme=name, ratio=load(settings.PROTOCOL_VERSION).randomization.ratio, blocks=chosen)
    except DesignError as fault:
        raise DesignRefused(why=DESIGN_FAULTS[fault.code]) from fault


def _coin_design(name: str) -> CoinDesign:
    with transaction.atomic():
        minimizing.refuse_unless_allowed()
    try:
        return CoinDesign(scheme=name, favoured=minimizing.favoured())
    except DesignError as fault:
        raise DesignRefused(why=DESIGN_FAULTS[fault.code]) from fault


def _strata_of(sites: Collection[Site]) -> list[str]:
    strata = [stratum_name(site.code, stage) for site in sites for stage in stage_groups()]
    if not strata:
        raise NoSites
    return sorted(strata)


def _ask(
    scheme: Scheme,
    kind: PartKind,
    strata: list[str],
    *,
    by: User,
    password: str,
    at: datetime,
    act: Act,
) -> ListPart:
    latest = scheme.parts.aggregate(last=Max("number"))["last"] or 0
    return ListPart.objects.create(
        scheme=scheme,
        number=latest + 1,
        kind=kind,
        strata=strata,
        places_per_stratum=scheme.places_per_stratum,
        asked_by=by,
        asked_at=at,
        asking_signature=_signed(scheme, strata, _("List asked for"), by=by, password=password, at=at),
        act=act,
    )


def _signed(
    scheme: Scheme, strata: Sequence[str], meaning: Promise, *, by: User, password: str, at: datetime
) -> Signature:
    content = "\n".join(
        [scheme.name, scheme.algorithm, scheme.ratio, str(scheme.places_per_stratum), *strata]
    )
    return sign(
        record=f"randomization list {scheme.name}",
        digest=hashlib.sha256(content.encode("utf-8")).hexdigest(),
        meaning=meaning,
        by=by,
        password=password,
        at=at,
    )


def ask_for_sites(
    *, scheme: Scheme, sites: Collection[Site], by: User, password: str, at: datetime
) -> ListPart:
    """A list for sites that came later is asked for; it will have its own commitment."""
    return _ask_for_more(scheme, PartKind.SITES, _strata_of(sites), by=by, password=password, at=at)


def ask_for_places(
    *, scheme: Scheme, strata: Sequence[str], by: User, password: str, at: datetime
) -> ListPart:
    """More places for strata that run low are asked for; they continue the list where it ends."""
    return _ask_for_more(scheme, PartKind.EXTENSION, sorted(strata), by=by, password=password, at=at)


def _ask_for_more(
    scheme: Scheme, kind: PartKind, strata: list[str], *, by: User, password: str, at: datetime
) -> ListPart:
    _refuse_unless_statistician(by)
    with open_act("randomization:list:ask", by=by, at=at) as act:
        locked = Scheme.objects.select_for_update().get(pk=scheme.pk)
        if locked.state != SchemeState.ACTIVE:
            raise SchemeNotActive(scheme=locked.name)
        covered = [stratum for stratum in strata if locked.covers(stratum)]
        if kind == PartKind.SITES and covered:
            raise StrataCoveredAlready(strata=listed(covered))
        return _ask(locked, kind, strata, by=by, password=password, at=at, act=act)


def look_at_design(*, scheme: Scheme, by: User, at: datetime) -> AnyDesign:
    """The design, of blocks with their sizes, for a statistician or the second person; the look is recorded.

    Refuses: everybody else.
    """
    if not by.may(Permission.SCHEME_DEFINE) and not by.may(Permission.SCHEME_ACTIVATE):
        raise MayNotActivate
    with open_act("randomization:design:look", by=by, at=at):
        return _opened_design(scheme)


def _opened_design(scheme: Scheme) -> AnyDesign:
    sealed = functions.design_of(scheme_id=scheme.pk)
    return generation.design_from(
        sealing.unseal(list_keys(), sealed, bound=functions.design_binding(scheme.name))
    )


def activate_list(
    *,
    part: ListPart,
    by: User,
    password: str,
    at: datetime,
    seed: str | None = None,
    after: Mapping[str, int] | None = None,
) -> ListPart:
    """The list is generated, sealed, committed to and in force; its root is mailed to the sites.

    The seed is fresh from the operating system, sealed at once and never shown. An extension goes on with
    the seed of the list it continues, which only the owner of the database can fetch: its caller gives
    ``seed`` and ``after`` (places each stratum has).

    Refuses: who asked for the list; one that is active, or not looked at. Locks: the list.
    """
    if not by.may(Permission.SCHEME_ACTIVATE):
        raise MayNotActivate
    with (
        open_act("randomization:list:activate", by=by, at=at) as act,
        scope(user_id=by.pk, sites=EVERYTHING),
    ):
        scheme = Scheme.objects.select_for_update().get(pk=part.scheme_id)
        locked = ListPart.objects.select_for_update().get(pk=part.pk)
        locked.scheme = scheme
        _refuse_unless_activatable(locked, scheme, by=by, seed=seed)
        meaning = _("List activated")
        signature = _signed(scheme, locked.strata, meaning, by=by, password=password, at=at)
        committed = _generate(locked, seed=seed or secrets.token_hex(32), after=after or {})
        locked.root, locked.places = committed.root, len(committed.places)
        locked.activated_by, locked.activated_at, locked.activating_signature = by, at, signature
        locked.act = act
        locked.save()
        if scheme.state == SchemeState.DRAFT:
            scheme.state, scheme.act = SchemeState.ACTIVE, act
            scheme.save(update_fields=["state", "act"])
        publish_root(locked, at=at)
    return locked


def refuse_settled(part: ListPart) -> None:
    """Refuse a list that is in force or was rejected."""
    if part.activated_at is not None:
        raise ListActive(day=local_date(part.activated_at, settings.TRIAL_TIME_ZONE).isoformat())
    if part.rejected_at is not None:
        raise ListRejected(day=local_date(part.rejected_at, settings.TRIAL_TIME_ZONE).isoformat())


def _refuse_unless_activatable(part: ListPart, scheme: Scheme, *, by: User, seed: str | None) -> None:
    refuse_settled(part)
    if part.asked_by_id == by.pk:
        raise SecondPersonNeeded
    if scheme.state not in {SchemeState.DRAFT, SchemeState.ACTIVE}:
        raise SchemeNotActive(scheme=scheme.name)
    if scheme.minimizes:
        minimizing.refuse_unless_allowed()
    if part.kind == PartKind.EXTENSION and seed is None:
        raise ExtensionAtServer(label=part.label)
    other = Scheme.objects.in_force()
    if other is not None and other.pk != scheme.pk:
        raise AnotherSchemeActive(scheme=other.name)


def _generate(part: ListPart, *, seed: str, after: Mapping[str, int]) -> generation.Committed:
    ring, scheme = list_keys(), part.scheme
    design = _opened_design(scheme)
    slots = generation.places_of(
        design, seed=seed, strata=part.strata, per_stratum=part.places_per_stratum, after=after
    )
    committed = generation.commit(design, slots, seed=seed, label=part.label, ring=ring)
    sites = dict(Site.objects.values_list("code", "pk"))
    functions.store_list(
        part_id=part.pk,
        scheme=scheme.name,
        seed=sealing.seal(ring, seed.encode("ascii"), bound=functions.seed_binding(scheme.name, part.number)),
        design=sealing.seal(
            ring, sealing.design_content(design.canonical()), bound=functions.design_binding(scheme.name)
        ),
        sites=[(stratum, sites[stratum.partition("/")[0]]) for stratum in part.strata],
        places=committed.places,
    )
    return committed


def set_up_scheme(
    *,
    name: str,
    statistician: User,
    statistician_password: str,
    second: User,
    second_password: str,
    at: datetime,
    places_per_stratum: int = DEFAULT_PLACES,
) -> ListPart:
    """A default scheme over all sites is defined by one person and activated by the other."""
    part = define_scheme(
        name=name,
        places_per_stratum=places_per_stratum,
        by=statistician,
        password=statistician_password,
        at=at,
    )
    return activate_list(part=part, by=second, password=second_password, at=at)
