"""The list keys of this process."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from randomization.scheme.sealing import FILE_VARIABLE, KEY_VARIABLE, KeyRing, ListKeyError


class ListKeyAbsent(Refusal):
    code = "randomization.list_key_absent"
    message = _(
        "This server was started without its list key, so nobody can be randomized on it. Nothing was done. "
        "Telephone the operator of the system."
    )


def list_keys() -> KeyRing:
    """The keys from the environment or the key file; refuses when there is none."""
    given = {
        KEY_VARIABLE: settings.PALACE3_LIST_KEY,
        FILE_VARIABLE: settings.PALACE3_LIST_KEY_FILE,
    }
    try:
        return KeyRing.from_environment(given)
    except (ListKeyError, OSError) as absent:
        raise ListKeyAbsent from absent
