"""The chained digest of the trail as it goes out of the house: what is signed, and how a copy is held against history.

A copy is JSON: ``anchor`` (what is said), ``public_key`` and ``signature`` (Ed25519 over the line of ``text_of``).
Whoever owns the database can write history and seals anew, and cannot make the digest that went out. (ADR 43)
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db.models import QuerySet

from audit.models import Act, Anchor, Seal

TRIAL: Final = "PALACE-3"
LENGTH_OF_DIGEST: Final = 64


def said_by(anchor: Anchor) -> dict[str, Any]:
    """Return what an anchor says."""
    return {
        "trial": TRIAL,
        "occasion": anchor.occasion,
        "made_at": anchor.made_at.isoformat(),
        "acts": anchor.acts,
        "last_act": anchor.last_act,
        "chain": anchor.chain,
    }


def text_of(said: Mapping[str, Any]) -> str:
    """Return the one spelling of what is said, which is signed."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def document_of(anchor: Anchor) -> dict[str, Any]:
    """Return the copy that is handed out."""
    return {"anchor": said_by(anchor), "public_key": anchor.public_key, "signature": anchor.signature}


def sign_anchor(anchor: Anchor) -> None:
    """Put signature and public key on an anchor that is not stored yet; without a key both stay empty."""
    if not settings.PALACE3_ANCHOR_KEY:
        return
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(settings.PALACE3_ANCHOR_KEY))
    anchor.public_key = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    anchor.signature = base64.b64encode(key.sign(text_of(said_by(anchor)).encode())).decode()


def is_signed(document: Mapping[str, Any]) -> bool:
    """Say whether the signature of a copy fits what the copy says."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(document["public_key"]))
        key.verify(base64.b64decode(document["signature"]), text_of(document["anchor"]).encode())
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True


def faults_against(given: str, *, public_key: str = "") -> Iterator[str]:
    """Yield what does not fit between history and a copy: the text of one, or one chained digest alone.

    ``public_key`` is the one that the holder of the copy was given before. History fits when, beside this, nothing
    is found by ``audit.verify``: the seals are computed anew from the rows there.
    """
    text = given.strip()
    if len(text) == LENGTH_OF_DIGEST and text.isalnum():
        if not Seal.objects.filter(chain=text.lower()).exists():
            yield f"no seal has the chained digest {text}: history before it was written anew"
        return
    try:
        document = json.loads(text)
        said = cast("dict[str, Any]", document["anchor"])
        last, chain, acts = int(said["last_act"]), str(said["chain"]), int(said["acts"])
    except (KeyError, TypeError, ValueError):
        yield "this is neither a chained digest nor a copy of an anchor"
        return
    if not is_signed(document):
        yield "the copy bears no signature that fits it"
    if public_key and document.get("public_key") != public_key:
        yield "the copy is signed with another key than the one given"
    yield from _unlike_history(last, chain, acts)


def _unlike_history(last: int, chain: str, acts: int) -> Iterator[str]:
    seal = Seal.objects.filter(last_act=last).defer("leaves").first()
    if seal is None:
        yield f"no seal ends at act {last}: history before it was written anew"
    elif seal.chain != chain:
        yield f"up to act {last} the chained digest is {seal.chain}, not {chain}: history before it was written anew"
    counted = Act.objects.filter(pk__lte=last).count()
    if counted != acts:
        yield f"there are {counted} acts up to {last}, not {acts}"


def all_anchors() -> QuerySet[Anchor]:
    """Return every anchor that went out, the newest first; nothing of them is secret."""
    return Anchor.objects.all()
