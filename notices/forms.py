"""What a person chooses to be told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.service_form import ServiceForm
from notices.preferences import EARLIEST_HOUR, LATEST_HOUR, OPTIONAL, Choice


class NotificationForm(ServiceForm):
    """What is ticked is sent; what is not optional is not asked."""

    wanted = forms.MultipleChoiceField(
        label=_("Tell me by mail of"),
        choices=list(OPTIONAL.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    from_hour = forms.TypedChoiceField(
        label=_("Not before"),
        coerce=int,
        choices=[(hour, f"{hour:02d}:00") for hour in range(EARLIEST_HOUR, LATEST_HOUR + 1)],
        help_text=_("In the time zone of the site. Clocks of safety do not wait for it."),
    )

    def __init__(self, typed: Any = None, *, chosen: Choice) -> None:
        wanted = [kind for kind in OPTIONAL if chosen.wants(kind)]
        super().__init__(typed, initial={"wanted": wanted, "from_hour": chosen.from_hour})

    def arguments(self) -> dict[str, Any]:
        """Return what was chosen, as the service takes it."""
        wanted = set(self.cleaned_data["wanted"])
        return {
            "from_hour": self.cleaned_data["from_hour"],
            "without": [kind for kind in OPTIONAL if kind not in wanted],
        }
