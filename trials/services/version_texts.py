"""The texts that sites follow, kept in the database: a file that says something else is found out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from protocol.text import digest_of, source_of
from trials.models import VersionText


class VersionTextChanged(Refusal):
    code = "trials.version_text_changed"
    message = _(
        "The file of protocol version {version} is not the one that sites follow (digest {found}, on record {kept}). "
        "Put the file back as it was; a change of the protocol is a version with a number of its own."
    )


@dataclass(frozen=True)
class AlteredText:
    """A version whose file differs from what sites follow; ``found`` is empty where there is no file."""

    version: str
    kept: str
    found: str


def keep_text(version: str, *, act: Any) -> VersionText:
    """The words of the version are on record, from the first site on that follows it; else they must be the same."""
    kept, _made = VersionText.objects.get_or_create(
        version=version,
        defaults={"source": source_of(version), "digest": digest_of(version), "act": act},
    )
    if kept.digest != digest_of(version):
        raise VersionTextChanged(version=version, found=digest_of(version)[:12], kept=kept.digest[:12])
    return kept


def altered_texts() -> list[AlteredText]:
    """Return every version in use whose file is missing, or is not the one that sites follow."""
    kept = VersionText.objects.order_by("pk").values_list("version", "digest")
    compared = (AlteredText(version, digest, _found(version)) for version, digest in kept)
    return [each for each in compared if each.found != each.kept]


def _found(version: str) -> str:
    try:
        return digest_of(version)
    except LookupError:
        return ""
