"""Every address × every role, compared with one literal table (requirements 2, 3).

A letter stands for a role that is let through: C coordinator, I investigator, M monitor,
D data manager, T trial manager, S statistician, X inspector, K coder, V central reviewer,
B member of the data monitoring committee; ``*`` for
everybody signed in, ``+`` for everybody. Whoever is not named gets 403 (or is asked to sign in).
An address that is missing here fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.world import World, screen
from tests.world_database import committed_world

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

LETTERS = {
    "C": "coordinator",
    "I": "investigator",
    "M": "monitor",
    "D": "data_manager",
    "T": "trial_manager",
    "S": "statistician",
    "X": "inspector",
    "K": "coder",
    "V": "reviewer",
    "B": "committee",
}
EVERYONE = "CIMDTSXKVB"
REDIRECTS_AND_TOOLS = {None, "exports:schema", "healthz", "metrics", "readyz"}


def addresses() -> Iterator[tuple[str, list[str]]]:
    """Yield the name of every address with the names of its parts."""

    def walk(resolver: Any, namespace: str) -> Iterator[tuple[str, list[str]]]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from walk(pattern, inner)
            elif isinstance(pattern, URLPattern) and pattern.name:
                yield f"{namespace}{pattern.name}", list(pattern.pattern.converters)

    found: dict[str, list[str]] = {}
    for name, parts in walk(get_resolver(), ""):
        found.setdefault(name, parts)
    yield from found.items()


def sample(world: World, number: str) -> dict[str, Any]:
    return {
        "number": number,
        "code": "ELIG",
        "sequence": 1,
        "pk": 0,
        "username": "coordinator",
        "kind": "ethics",
        "role": "coordinator",
        "to": "suspended",
        "version": 1,
        "language": "en",
        "label": "1A",
        "token": "x",
        "month": "2026-11",
        "protocol": "1.0",
        "site": "01",
        "key": "0" * 12,
        "slug": "visits",
        "event": 1,
        "dictionary": "ctcae",
        "reference": "ABCD-2345",
        "ticket": "x",
        "block": "headline",
        "group": "tests",
        "position": 1,
        "item": "AE.ae_term",
        "review": "COD",
        "register": "incident",
        "check": "CM-01",
        "variable": "PALACE3_LIST_KEY",
        "file_name": "AE",
        "ending": "csv",
    }


ABOUT_SITES = (
    *(
        "trials:",
        "exports:download-copy",
        "crf:ranges",
        "crf:new-ranges",
        "crf:lock-site",
        "crf:lock-participants",
    ),
)


def address_of(name: str, parts: list[str], values: dict[str, Any]) -> str:
    chosen = {part: values[part] for part in parts}
    if name.startswith(ABOUT_SITES) and "code" in chosen:
        chosen["code"] = "01"
    return reverse(name, kwargs=chosen)


# What every answer tells the browser, whoever asks and whatever comes: a page, a file, a feed or a refusal.
HARDENED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=()",
    "Content-Security-Policy": "default-src 'none'",
}


def unhardened(answer: Any) -> list[str]:
    """The headers that the answer lacks."""
    return [name for name, part in HARDENED.items() if part not in answer.headers.get(name, "")]


def statuses(world: World, address: str, method: str) -> dict[str, int]:
    found = {}
    for letter, attribute in LETTERS.items():
        client = Client(raise_request_exception=False)
        client.force_login(getattr(world, attribute))
        answer = getattr(client, method)(address)
        found[letter] = answer.status_code
        assert "no-store" in answer.headers["Cache-Control"], f"a browser keeps {address} of {letter}"
        assert not unhardened(answer), f"{address} as {letter} answers without {unhardened(answer)}"
    outside = getattr(Client(), method)(address)
    found["-"] = outside.status_code
    assert not unhardened(outside), f"{address} answers an outsider without {unhardened(outside)}"
    return found


# fmt: off
MATRIX: dict[str, tuple[str, str]] = {
    "home": ("get", "*"),
    "search": ("get", "*"),
    "accessibility": ("get", "+"),
    "help": ("get", "*"),
    "help-role": ("get", "*"),
    "work-counts": ("get", "*"),
    "accounts:profile": ("get", "*"),
    "accounts:sign-in": ("get", "+"),
    "accounts:sign-in-again": ("post", "+"),
    "accounts:sign-out": ("post", "+"),
    "accounts:session": ("get", "+"),
    "accounts:language": ("post", "+"),
    "accounts:first-password": ("get", "+"),
    "accounts:appearance": ("get", "*"),
    "accounts:save-view": ("post", "*"),
    "accounts:remove-view": ("post", "*"),
    "accounts:password": ("get", "*"),
    "accounts:second-factor": ("get", "*"),
    "accounts:begin-second-factor": ("post", "*"),
    "accounts:accept-accountability": ("post", "*"),
    "accounts:passkey-question": ("post", "+"),
    "accounts:passkeys": ("get", "*"),
    "accounts:remove-passkey": ("post", "*"),
    "accounts:recovery-codes": ("post", "*"),
    "accounts:sessions": ("get", "*"),
    **dict.fromkeys(
        ("accounts:hospital-go", "accounts:hospital-back", "accounts:hospital-factor", "accounts:hospital-leave"),
        ("get", "+"),
    ),
    "accounts:hospitals": ("get", "*"),
    "accounts:hospital-connect": ("post", "*"),
    "accounts:disconnect-hospital": ("post", "*"),
    **dict.fromkeys(("trials:practice", "trials:practice-go", "trials:practice-passed"), ("get", "*")),
    "trials:public": ("get", "+"),
    "trials:public-zh": ("get", "+"),
    "trials:robots": ("get", "+"),
    "trials:sitemap": ("get", "+"),
    "trials:anchors": ("get", "+"),
    "trials:anchor-file": ("get", "+"),
    "trials:texts": ("get", "TX"),
    "trials:draft-first-texts": ("post", "T"),
    "trials:release-texts": ("get", "T"),
    "trials:confirm-page": ("get", "T"),
    "trials:preview-page": ("get", "TX"),
    "trials:preview-text": ("get", "TX"),
    "trials:text": ("get", "TX"),
    "trials:draft-text": ("get", "T"),
    "trials:withdraw-text": ("get", "T"),
    "trials:contact": ("get", "+"),
    "trials:contact-sent": ("get", "+"),
    "trials:contact-back": ("get", "+"),
    "trials:privacy": ("get", "+"),
    "trials:news": ("get", "+"),
    "trials:news-sent": ("get", "+"),
    "trials:news-confirm": ("get", "+"),
    "trials:news-leave": ("get", "+"),
    "trials:letters": ("get", "T"),
    "trials:new-letter": ("get", "T"),
    "trials:letter": ("get", "T"),
    "trials:release-letter": ("post", "T"),
    "trials:requests": ("get", "CI"),
    "trials:request-counts": ("get", "T"),
    "trials:request": ("get", "CI"),
    "trials:request-call": ("get", "CI"),
    "trials:request-invite": ("get", "CI"),
    "trials:request-close": ("get", "CI"),
    "trials:request-screen": ("get", "CI"),
    "trials:request-erase": ("get", "CI"),
    "trials:request-receipt": ("get", "CI"),
    "trials:sites": ("get", "CIMDTSXK"),
    "trials:new-site": ("get", "T"),
    "trials:close-out": ("get", "IT"),
    "trials:confirm-close-out": ("get", "IT"),
    "trials:end-close-out": ("get", "IT"),
    "trials:ask-copy": ("get", "IT"),
    "trials:confirm-copy": ("get", "I"),
    "trials:propose-transfer": ("get", "I"),
    "trials:transfer": ("get", "CIMDTSXK"),
    "trials:accept-transfer": ("get", "I"),
    "trials:take-acceptance-back": ("get", "I"),
    "trials:confirm-transfer": ("get", "T"),
    "trials:end-transfer": ("get", "IT"),
    "exports:download-copy": ("post", "IMD"),
    "trials:copies": ("get", "IMD"),
    "trials:ask-living-copy": ("get", "I"),
    "trials:site": ("get", "CIMDTSXK"),
    "trials:change-site": ("get", "T"),
    "trials:fulfil": ("get", "T"),
    "trials:set-up": ("get", "T"),
    "trials:set-up-role": ("get", "T"),
    "trials:site-document": ("get", "CIMTX"),
    "trials:move-site": ("get", "T"),
    "trials:new-consent-version": ("get", "T"),
    "reports:dashboard": ("get", "CIMDTSX"),
    "reports:trail": ("get", "CIMDTX"),
    "trials:registers": ("get", "CIMDTX"),
    "trials:registers-file": ("get", "CIMDTX"),
    "trials:new-register-entry": ("get", "MDT"),
    "trials:approve-register-entry": ("get", "MDT"),
    "trials:close-register-entry": ("get", "MDT"),
    "reports:trail-file": ("get", "CIMDTX"),
    "reports:trail-reviews": ("get", "CIMDTX"),
    "reports:plan-review": ("get", "MDT"),
    "reports:record-review": ("get", "MDT"),
    "reports:change-review": ("get", "MDT"),
    "reports:end-review": ("get", "MDT"),
    "trials:delegation-log": ("get", "CIMTX"),
    "trials:people": ("get", "CIMTX"),
    "trials:new-person": ("get", "T"),
    "trials:person": ("get", "T"),
    "trials:change-person": ("get", "T"),
    "trials:reset-account": ("get", "T"),
    "trials:verify-proofs": ("get", "T"),
    "trials:invite-person": ("get", "T"),
    "trials:close-account": ("get", "T"),
    "trials:delegate": ("get", "T"),
    "trials:end-delegation": ("get", "T"),
    "trials:confirm-delegation": ("get", "IT"),
    "trials:register": ("get", "CI"),
    "trials:consent": ("get", "CI"),
    "trials:refuse-consent": ("get", "CI"),
    "crf:screen-failure": ("get", "CI"),
    "crf:decline": ("get", "CI"),
    "followup:agenda": ("get", "CIMDTSX"),
    "followup:unscheduled": ("get", "CI"),
    "followup:visit": ("get", "CIMDTSX"),
    "followup:took-place": ("get", "CI"),
    "followup:describe": ("get", "CI"),
    "followup:not-done": ("get", "CI"),
    "followup:propose": ("get", "CI"),
    "followup:contacts": ("get", "CIMDTSX"),
    "followup:messages": ("get", "CIMDTSX"),
    "followup:month": ("get", "CIMDTSX"),
    "followup:adherence": ("get", "CIMDTSX"),
    "followup:data-cuts": ("get", "CIMDTSX"),
    "followup:move-cut": ("get", "DT"),
    "followup:cancel-cut": ("get", "DT"),
    "followup:notifications": ("get", "*"),
    "followup:feed": ("get", "CIMDTSX"),
    "followup:make-feed": ("post", "CIMDTSX"),
    "followup:revoke-feed": ("post", "CIMDTSX"),
    "followup:feed-file": ("get", "+"),
    "followup:tasks": ("get", "TX"),
    "operations:service": ("get", "TX"),
    "operations:set-up": ("get", "TX"),
    "operations:try-mail": ("post", "T"),
    "operations:confirm-mail": ("get", "T"),
    "operations:confirm-key": ("get", "T"),
    "followup:lost": ("get", "CI"),
    "followup:cancel-attempt": ("get", "CI"),
    "followup:cancel-loss": ("get", "CI"),
    "followup:withdraw": ("get", "CI"),
    "followup:correct-withdrawal": ("get", "CI"),
    "followup:cancel-withdrawal": ("get", "CI"),
    "followup:preview": ("get", "CIMDTSX"),
    "followup:versions": ("get", "CIMDTSXKV"),
    "followup:site-version": ("get", "CIMDTSX"),
    "followup:version-history": ("get", "CIMDTSXK"),
    "followup:amendment": ("get", "CIMDTSX"),
    "followup:amendment-file": ("get", "CIMDTSX"),
    "followup:approve-version": ("get", "T"),
    "followup:open-version": ("get", "T"),
    "crf:eligibility": ("get", "CIMDX"),
    "crf:form": ("get", "CIMDSX"),
    "crf:log": ("get", "CIMDSX"),
    "crf:derive": ("post", "CI"),
    "crf:draft": ("post", "CI"),
    "crf:discard": ("post", "CI"),
    "crf:merge": ("get", "CI"),
    "crf:history": ("get", "CIMDSX"),
    "crf:verify": ("get", "CIMDSX"),
    "crf:verify-visit": ("get", "CIMDSX"),
    "crf:verification-plan": ("get", "CIMDSX"),
    "crf:sign": ("post", "I"),
    "crf:to-sign": ("get", "I"),
    "crf:sign-lot": ("get", "I"),
    "crf:signatures": ("get", "CIMDSX"),
    "crf:lock": ("get", "CIMDSX"),
    "crf:unlock": ("post", "D"),
    "crf:override": ("get", "D"),
    "crf:ask": ("get", "MDK"),
    "crf:notes": ("get", "CIMDSX"),
    "crf:ask-participant": ("get", "MDK"),
    "crf:ask-visit": ("get", "MDK"),
    "crf:new-note": ("post", "CIMD"),
    "crf:note": ("get", "CIMD"),
    "crf:comment": ("get", "CI"),
    "crf:attach": ("get", "CI"),
    "crf:upload": ("get", "CI"),
    "crf:take-upload-back": ("post", "CI"),
    "crf:attachment": ("get", "CIMDX"),
    "crf:remove-attachment": ("get", "CI"),
    "crf:files": ("get", "CIMDX"),
    "crf:settle-note": ("post", "CIMD"),
    "crf:note-ask": ("post", "MDK"),
    "crf:blank": ("get", "CIMDTSX"),
    "crf:terms": ("get", "CIMDSX"),
    "crf:clocks": ("get", "CIMDTX"),
    "crf:assess": ("get", "CIMDTX"),
    "crf:nothing-new": ("post", "CI"),
    "crf:central-reviews": ("get", "DSXV"),
    "crf:central-review": ("get", "V"),
    "crf:coding": ("get", "DXK"),
    "crf:code-words": ("get", "DK"),
    "crf:dictionaries": ("get", "DXK"),
    "crf:retire-synonym": ("post", "DK"),
    "crf:grades": ("get", "CIMDSX"),
    "crf:deviations": ("get", "CIMDTSX"),
    "crf:settle-deviation": ("get", "CIMDT"),
    "crf:decide-deviation": ("get", "DTS"),
    "crf:differences": ("get", "CIMDSX"),
    "crf:lock-visit": ("get", "CIMDSX"),
    "crf:lock-participant": ("get", "CIMDSX"),
    "crf:lock-site": ("get", "CIMDSX"),
    "crf:lock-participants": ("get", "D"),
    "crf:locks": ("get", "CIMDSX"),
    "crf:lead": ("post", "CI"),
    "crf:ranges": ("get", "CIMDSX"),
    "crf:new-ranges": ("get", "CID"),
    "crf:withdraw-range": ("get", "CID"),
    "crf:settle-differences": ("post", "D"),
    "crf:findings": ("get", "MDX"),
    "crf:queries": ("get", "CIMDTSXK"),
    "crf:queries-several": ("get", "CIMDK"),
    "crf:queries-first": ("get", "CIMDTSXK"),
    "crf:queries-close": ("post", "MDK"),
    "crf:queries-assign": ("post", "MDK"),
    "crf:queries-raise": ("post", "MDK"),
    "trials:people-file": ("get", "T"),
    "trials:identity": ("get", "CI"),
    "trials:registered-twice": ("get", "CIT"),
    "trials:settle-same-person": ("get", "T"),
    "crf:rows-verify": ("post", "M"),
    "crf:rows-freeze": ("post", "D"),
    "crf:rows-lock": ("post", "D"),
    "crf:rows-book": ("post", "CI"),
    "crf:rows-took-place": ("post", "CI"),
    "crf:listings": ("get", "CIMDSX"),
    "crf:new-listing": ("get", "CIMDSX"),
    "crf:listing": ("get", "CIMDSX"),
    "crf:change-listing": ("get", "CIMDSX"),
    "crf:archive-listing": ("post", "CIMDSX"),
    "crf:review-rows": ("post", "CIMDSX"),
    "crf:take-listing": ("post", "DS"),
    "crf:query-assign": ("post", "CIMDK"),
    "crf:checks": ("get", "MDX"),
    "crf:mark-check": ("get", "D"),
    "crf:end-check-mark": ("get", "D"),
    "crf:query": ("get", "CIMDTSXK"),
    "crf:query-answer": ("post", "CI"),
    "crf:query-confirm": ("post", "CI"),
    "crf:query-close": ("post", "MDK"),
    "crf:query-again": ("post", "MDK"),
    "randomization:randomize": ("get", "I"),
    "exports:api:allocation": ("get", "CIMDSX"),
    "randomization:allocation": ("get", "CIMDSX"),
    "randomization:certificate": ("get", "CIMDSX"),
    "randomization:certificate-pdf": ("get", "CIMDSX"),
    "randomization:visit-card": ("get", "CIMDSX"),
    "randomization:record-error": ("get", "D"),
    "randomization:correct-error": ("get", "D"),
    "randomization:withdraw-error": ("get", "D"),
    "randomization:schemes": ("get", "TS"),
    "randomization:define": ("get", "S"),
    "randomization:simulate": ("get", "S"),
    "randomization:envelopes": ("get", "CIMDSX"),
    "randomization:move-envelope": ("get", "I"),
    "randomization:open-envelope": ("get", "I"),
    "randomization:envelope-not-opened": ("get", "I"),
    "randomization:void-envelope": ("get", "S"),
    "randomization:outage": ("get", "CIMDSX"),
    "randomization:errors": ("get", "CIMDSX"),
    "randomization:strata": ("get", "CIMDSX"),
    "randomization:roots": ("get", "CIMDTSXKV"),
    "randomization:scheme": ("get", "TS"),
    "randomization:design": ("post", "TS"),
    "randomization:add-sites": ("get", "S"),
    "randomization:add-places": ("get", "S"),
    "randomization:balance": ("get", "S"),
    "randomization:activate": ("get", "TS"),
    "randomization:reject": ("get", "TS"),
    "randomization:close-scheme": ("get", "TS"),
    "randomization:confirm-close": ("get", "TS"),
    "randomization:end-close": ("get", "TS"),
    "exports:list": ("get", "DSX"),
    "exports:new": ("get", "DS"),
    "exports:detail": ("get", "DSX"),
    "exports:download": ("post", "DS"),
    "exports:cancel": ("post", "DS"),
    "exports:delete": ("post", "DS"),
    "exports:name": ("post", "DS"),
    "exports:saved": ("get", "DS"),
    "exports:save": ("get", "DS"),
    "exports:saved-take": ("post", "DS"),
    "exports:saved-end": ("post", "DS"),
    "exports:data-list": ("get", "DS"),
    "exports:data": ("get", "DS"),
    "exports:data-export": ("post", "DS"),
    "exports:data-save": ("post", "DS"),
    "exports:codebook": ("get", "CIMDTSXKV"),
    "exports:codebook-file": ("get", "CIMDTSXKV"),
    "exports:cuts": ("get", "DS"),
    "exports:take-cut": ("get", "DS"),
    "exports:comparison-file": ("post", "DS"),
    "exports:imports": ("get", "CI"),
    "exports:import-new": ("get", "CI"),
    "exports:import": ("get", "CI"),
    "exports:import-take": ("post", "CI"),
    "exports:import-discard": ("post", "CI"),
    "exports:casebook": ("get", "IMD"),
    "exports:filled-form": ("get", "CIMDSX"),
    "exports:access": ("get", "T"),
    "exports:access-end": ("get", "T"),
    "exports:tokens": ("get", "CIMDTSXKV"),
    "exports:token-revoke": ("post", "CIMDTSXKV"),
    "exports:api": ("get", "*"),
    "exports:api:attachments": ("get", "CIMDX"),
    "exports:api:attachment-file": ("get", "CIMDX"),
    "exports:api:milestones": ("get", "CIMDTSX"),
    "exports:api:signatures": ("get", "CIMDSX"),
    "exports:api:deviation-decisions": ("get", "CIMDTSX"),
    "exports:api:acts": ("get", "CIMDTX"),
    "exports:api:trail": ("get", "CIMDTX"),
    "exports:api:listings": ("get", "CIMDSX"),
    "exports:api:listing-rows": ("get", "CIMDSX"),
    "exports:api:imports": ("get", "CI"),
    "exports:api:import": ("get", "CI"),
    "exports:api:import-take": ("post", "CI"),
    "exports:api:import-discard": ("post", "CI"),
    "exports:api:completeness": ("get", "CIMDSX"),
    "exports:api:completeness-months": ("get", "CIMDSX"),
    "exports:api:completeness-entry": ("get", "CIMDSX"),
    "exports:api:central-reviews": ("get", "DSXV"),
    "exports:api:verification": ("get", "CIMDSX"),
    "exports:api:participants": ("get", "CIMDTSXK"),
    "exports:api:participant": ("get", "CIMDTSXK"),
    "exports:api:record": ("get", "CIMDSX"),
    "exports:database-lock": ("get", "DTSX"),
    "exports:database-lock-certificate": ("get", "DTSX"),
    "exports:site-lock-certificate": ("get", "CIMDSX"),
    "exports:api:findings": ("get", "MDX"),
    "exports:api:visits": ("get", "CIMDTSX"),
    "exports:api:queries": ("get", "CIMDTSXK"),
    "exports:api:query-ageing": ("get", "CIMDTSXK"),
    "exports:api:checks": ("get", "MDX"),
    "exports:api:answers": ("get", "CIMDSX"),
    "exports:api:codebook": ("get", "CIMDTSXKV"),
    "exports:api:exports": ("get", "DSX"),
    "exports:api:export": ("get", "DSX"),
    "exports:api:cuts": ("get", "DSX"),
    "exports:api:export-cancel": ("post", "DS"),
    "exports:api:export-file": ("get", "DS"),
    "analysis:quality-of-life": ("get", "DSX"),
    "analysis:quality-of-life-file": ("get", "DSX"),
    "analysis:quality-of-life-by-arm": ("get", "S"),
    "monitoring:board": ("get", "IMDTSX"),
    "monitoring:board-file": ("get", "IMDTSX"),
    "monitoring:indicator": ("get", "IMDTSX"),
    "monitoring:finding": ("get", "IMDTSX"),
    "monitoring:take": ("post", "MDT"),
    "monitoring:range": ("get", "T"),
    "committee:packs": ("get", "TSXB"),
    "committee:new-pack": ("get", "S"),
    "committee:pack": ("get", "TSXB"),
    "committee:release": ("get", "S"),
    "committee:share": ("get", "S"),
    "committee:revoke": ("post", "S"),
    "committee:download": ("post", "TSXB"),
    "committee:shared": ("get", "+"),
    "analysis:definitions": ("get", "CIMDTSXKV"),
    "analysis:flow": ("get", "CIMDTSX"),
    "analysis:flow-box": ("get", "CIMDTSX"),
    "analysis:flow-by-arm": ("get", "S"),
    "analysis:flow-paper": ("get", "CIMDTSX"),
    "analysis:flow-picture": ("get", "CIMDTSX"),
    "analysis:flow-table": ("get", "CIMDTSX"),
    "analysis:results": ("get", "DSX"),
    "analysis:results-by-arm": ("get", "S"),
    "analysis:safety": ("get", "CIMDTSX"),
    "analysis:safety-arms-file": ("get", "S"),
    "analysis:safety-by-arm": ("get", "S"),
    "analysis:safety-file": ("get", "CIMDTSX"),
    "analysis:interim": ("get", "CIMDTSXKV"),
    "analysis:maturity": ("get", "CIMDTSX"),
    "analysis:maturity-arms-file": ("get", "S"),
    "analysis:maturity-by-arm": ("get", "S"),
    "analysis:maturity-file": ("get", "CIMDTSX"),
    "analysis:reconciliation": ("get", "DT"),
    "analysis:reconciliation-file": ("get", "DT"),
    "analysis:serious": ("get", "CIMDTX"),
    "analysis:serious-file": ("get", "CIMDTX"),
    "analysis:serious-icsr": ("get", "DT"),
    "analysis:serious-paper": ("get", "CIMDTX"),
    "analysis:sets": ("get", "TS"),
    "analysis:survival": ("get", "DSX"),
    "analysis:survival-by-arm": ("get", "S"),
    "analysis:data-and-code": ("get", "DS"),
    "reports:participants": ("get", "CIMDTSXK"),
    "reports:acts": ("get", "CIMDTX"),
    "reports:protocol": ("get", "CIMDTSXKV"),
    "reports:reports": ("get", "CIMDTSX"),
    "reports:completeness": ("get", "CIMDSX"),
    "reports:completeness-forms": ("get", "CIMDSX"),
    "reports:completeness-file": ("get", "CIMDSX"),
    "reports:verification": ("get", "CIMDSX"),
    "reports:verification-file": ("get", "CIMDSX"),
    "reports:unfinished-forms": ("get", "CIMDSX"),
    "reports:report": ("get", "CIMDTSX"),
    "reports:report-file": ("get", "CIMDTSX"),
    "reports:protocol-value": ("get", "CIMDTSXKV"),
    "reports:protocol-confirm": ("get", "T"),
    "reports:protocol-withdraw": ("get", "T"),
    "participant": ("get", "CIMDTSXK"),
    "randomization:root-pdf": ("get", "CIMDTSXKV"),
}
# fmt: on


def test_the_table_names_every_address() -> None:
    assert {name for name, _parts in addresses()} - REDIRECTS_AND_TOOLS == set(MATRIX)


# Views that commit by themselves: a refusal would end the transaction of the test around them.
COMMITTING = {
    "exports:api:allocation",
    "exports:api:import-take",
    "exports:api:import-discard",
}


@pytest.mark.parametrize("name", sorted(set(MATRIX) - COMMITTING))
def test_role_by_address(world: World, name: str) -> None:
    compare_roles(world, name)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", sorted(COMMITTING))
def test_role_by_committing_address(name: str) -> None:
    world = committed_world()
    compare_roles(world, name)
    compare_stranger(world, name)


# What an inspector sends: their own feed, tokens and listings, and the copy of a pack that bears their name.
OF_AN_INSPECTOR = {
    *("followup:make-feed", "followup:revoke-feed", "exports:token-revoke", "committee:download"),
    *("crf:archive-listing", "crf:review-rows"),
}


def test_requirement_42_an_inspector_posts_what_is_their_own_alone() -> None:
    assert {
        name for name, (method, roles) in MATRIX.items() if method == "post" and "X" in roles
    } == OF_AN_INSPECTOR


def compare_roles(world: World, name: str) -> None:
    participant = screen(world)
    method, allowed = MATRIX[name]
    address = address_of(name, dict(addresses())[name], sample(world, participant.number))
    found = statuses(world, address, method)
    through = "".join(letter for letter in EVERYONE if found[letter] not in {401, 403})
    assert through == (EVERYONE if allowed in {"*", "+"} else allowed), found
    assert all(found[letter] < 500 for letter in found), found
    if allowed != "+":
        assert found["-"] in {302, 401, 403}, found


@pytest.mark.parametrize(
    "name", sorted(n for n, parts in addresses() if "number" in parts and n not in COMMITTING)
)
def test_another_sites_participant_does_not_exist(world: World, name: str) -> None:
    compare_stranger(world, name)


def compare_stranger(world: World, name: str) -> None:
    participant = screen(world)
    method = MATRIX[name][0]
    parts = dict(addresses())[name]
    client = Client()
    client.force_login(world.stranger)
    theirs = getattr(client, method)(address_of(name, parts, sample(world, participant.number)))
    nobodys = getattr(client, method)(address_of(name, parts, sample(world, "99-9999")))
    assert theirs.status_code == nobodys.status_code
    assert theirs.status_code in {403, 404}
    assert participant.number.encode() not in theirs.content.replace(
        theirs.request["PATH_INFO"].encode(), b""
    )
