"""What search engines and messengers are told of the public page: nothing but what stands on it."""

from __future__ import annotations

import json
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from django.utils.safestring import SafeString

from website.public.language import HOMES
from website.public.page import PublicPage

SCHEMA: Final = "https://schema.org"
_HARMLESS: Final = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def structured(page: PublicPage, address: str) -> SafeString:
    """Return the page as JSON-LD, for a data block that no browser runs and no text can close."""
    packed = json.dumps(_trial(page, address), ensure_ascii=False)
    return SafeString(packed.translate(_HARMLESS))


def _trial(page: PublicPage, address: str) -> dict[str, Any]:
    return {
        "@context": SCHEMA,
        "@type": "MedicalTrial",
        "name": "PALACE-3",
        "alternateName": page.public_title,
        "identifier": page.facts.get("nct"),
        "url": address,
        "inLanguage": page.language,
        "status": f"{SCHEMA}/{'Recruiting' if page.open_sites else 'ActiveNotRecruiting'}",
        "trialDesign": f"{SCHEMA}/RandomizedTrial",
        "sponsor": {"@type": "Organization", "name": page.facts.get("sponsor")},
        "studyLocation": [
            {"@type": "AdministrativeArea", "name": f"{site.local_city}, {site.local_name}"}
            for site in page.open_sites
        ],
    }


def robots(*, is_demonstration: bool, origin: str) -> str:
    """Return robots.txt: the public pages may be found, the house may not; a demonstration never."""
    if is_demonstration:
        return "User-agent: *\nDisallow: /\n"
    lines = ["User-agent: *", *(f"Allow: {home}$" for home in HOMES.values())]
    lines += ["Allow: /contact/", "Allow: /static/", "Disallow: /", "", f"Sitemap: {origin}/sitemap.xml"]
    return "\n".join(lines) + "\n"


def sitemap(*, released_in: frozenset[str], origin: str) -> str:
    """Return sitemap.xml: the page in each language that has released texts, each naming the others."""
    homes = {language: f"{origin}{home}" for language, home in HOMES.items() if language in released_in}
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang={quoteattr(language)} href={quoteattr(address)}/>'
        for language, address in homes.items()
    )
    listed = "".join(f"<url><loc>{address}</loc>{links}</url>\n" for address in homes.values())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{listed}</urlset>\n'
    )
