"""Forms of the analysis: what data are taken for, and signatures under analysis sets."""

from __future__ import annotations

from django.forms import BooleanField, HiddenInput
from django.utils.translation import gettext_lazy as _

from accounts.series import SigningField
from kernel.fields import SeenField, WordsField
from kernel.service_form import ServiceForm


class DataAndCodeForm(ServiceForm):
    """What data and code of the reports are taken for; ``with_arm`` is that of the page they are of."""

    purpose = WordsField(
        label=_("Purpose"), max_length=200, help_text=_("Kept in the audit trail with who took the file.")
    )
    with_arm = BooleanField(required=False, widget=HiddenInput)


class SignSetsForm(ServiceForm):
    """A signature under the analysis sets as the page shows them."""

    seen = SeenField(max_length=64, required=False)
    password = SigningField(label=_("Your password"))
