"""Numbers, addresses and tokens of the public form, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import RequestFactory

from kernel.network import network_of
from website.contact.forms import address_meant, telephone
from website.contact.tokens import comes_from_elsewhere, new_token, read_token

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "dialled"),
    [
        ("13800138000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("138-0013-8000", "+8613800138000"),
        ("021 6437 7134", "+862164377134"),
        ("+852 2345 6789", "+85223456789"),
        ("+1 202 456 1111", "+12024561111"),
        ("０１３８００１３８０００", "+8613800138000"),
    ],
)
def test_numbers_as_the_world_dials_them(typed: str, dialled: str) -> None:
    assert telephone(typed) == dialled


@pytest.mark.parametrize(
    "typed", ["110", "1380013800", "138001380000", "abc", "+999 1", "02164377134 ext 5", "\x00"]
)
def test_what_nobody_can_dial_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="not a number that can be called"):
        telephone(typed)


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("hua@gmial.com", "hua@gmail.com"),
        ("hua@qq.con", "hua@qq.com"),
        ("hua@hotmial.com", "hua@hotmail.com"),
        ("hua@GMAIL.com", ""),
        ("hua@qq.com", ""),
        ("hua@vip.qq.com", ""),
        ("hua@hospital.example", ""),
        ("hua@163.com", ""),
        ("hua@126.com", ""),
        ("", ""),
        ("hua", ""),
    ],
)
def test_near_misses_of_known_places(address: str, meant: str) -> None:
    assert address_meant(address) == meant


def test_a_token_is_ours_for_half_a_day() -> None:
    token = new_token(NOW)
    assert read_token(str(token), NOW + timedelta(hours=11)) == token
    assert read_token(str(token), NOW + timedelta(hours=13)) is None
    assert read_token(str(token), NOW - timedelta(hours=1)) is None
    assert read_token(str(token) + "x", NOW) is None
    assert new_token(NOW).number != token.number
    assert token.reference == token.reference
    assert token.is_too_quick(NOW + timedelta(seconds=2))
    assert not token.is_too_quick(NOW + timedelta(seconds=3))


def test_a_reference_is_read_aloud_without_doubt() -> None:
    for _ in range(50):
        reference = new_token(NOW).reference
        assert len(reference) == 9
        assert not set(reference) & set("0O1IL")


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"origin": "http://testserver"}, False),
        ({"origin": "https://testserver"}, True),
        ({"origin": "null"}, True),
    ],
)
def test_forms_of_other_sites_pages(headers: dict[str, str], foreign: bool) -> None:
    assert comes_from_elsewhere(RequestFactory().post("/contact/", headers=headers)) is foreign


@pytest.mark.parametrize(
    ("behind", "remote", "forwarded", "network"),
    [
        (False, "10.0.0.9", "1.2.3.4", "10.0.0.9/32"),
        (True, "10.0.0.9", "6.6.6.6, 1.2.3.4", "1.2.3.4/32"),
        (True, "10.0.0.9", "", "10.0.0.9/32"),
        (True, "10.0.0.9", "unknown", "unknown"),
        (False, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        (False, "2001:db8::6", "", "2001:db8::/64"),
    ],
)
def test_the_network_is_what_our_own_proxy_saw(
    settings: Any, behind: bool, remote: str, forwarded: str, network: str
) -> None:
    settings.BEHIND_TLS = behind
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    assert network_of(RequestFactory().post("/", headers=headers, REMOTE_ADDR=remote)) == network
