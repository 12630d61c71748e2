"""The fields of Django forms into which people type: each reads what is typed by ``kernel.reading``.

A text has no ``maxlength`` in the browser, which would cut a longer one off without a word: the server refuses it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel import reading
from kernel.reading import Reason, UnreadableError

TYPE_A_DAY: Final = _("Type the day as year-month-day, such as 2026-11-23.")
TYPE_A_CLOCK: Final = _("Type the time as hours and minutes, such as 14:30.")
TYPE_AN_INSTANT: Final = _("Type day and time as year-month-day hours:minutes, such as 2026-11-23 14:30.")
TYPE_A_NUMBER: Final = _("Type a whole number in the digits 0 to 9.")
TYPE_A_POINTED_NUMBER: Final = _("Type a number with at most %(places)s decimal places, such as 12.5.")
LEAVE_SECONDS_OUT: Final = _("The time is kept to the minute. Leave the seconds out.")
WHICH_DAY: Final = _("Day and month can be taken for each other. Type the day as year-month-day.")
NO_SUCH_DAY: Final = _(
    "This day does not exist: the month has fewer days, or there is no such month. Type the right day."
)
NO_COMMA: Final = _("A comma may part thousands or decimals. Type the number with a point, such as 62.7.")
NUMBER_ALONE: Final = _("Type the number alone, without a unit or other words.")
CANNOT_BE_STORED: Final = _("This holds a character that cannot be stored. Type it again.")
SAID: Final = {
    Reason.SECONDS: LEAVE_SECONDS_OUT,
    Reason.TWO_DAYS: WHICH_DAY,
    Reason.NO_SUCH_DAY: NO_SUCH_DAY,
    Reason.COMMA: NO_COMMA,
    Reason.UNIT: NUMBER_ALONE,
}


class DayInput(forms.DateInput):
    """A day typed as on the forms of the trial, 2026-11-23: no reader can take the month for the day."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        shown = {
            "placeholder": "YYYY-MM-DD",
            "inputmode": "numeric",
            "autocomplete": "off",
            "data-day": "full",
        }
        super().__init__(shown | (attrs or {}), format="%Y-%m-%d")


class InstantInput(forms.DateTimeInput):
    """A day with its time; the calendar gives the day."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        shown = {"placeholder": "YYYY-MM-DD HH:MM", "autocomplete": "off", "data-day": "instant"}
        super().__init__(shown | (attrs or {}))


class WordsField(forms.CharField):
    """A text without invisible signs; ``read`` may do more, such as folding full-width signs."""

    def __init__(self, *, read: Callable[[str], str] = reading.words, **more: Any) -> None:
        self.read = read
        super().__init__(**more)

    def to_python(self, value: Any) -> str | None:
        read = self.read(_read(reading.words, value, CANNOT_BE_STORED)) if value else ""
        return read or self.empty_value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return _uncut(super().widget_attrs(widget))


class SeenField(WordsField):
    """What the page shows, sent back by it: a page that is shown again says what it shows now, not what it showed."""

    widget = forms.HiddenInput

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial


class PasswordField(forms.CharField):
    """A password, exactly as it is typed."""

    def __init__(self, **more: Any) -> None:
        defaults: dict[str, Any] = {"strip": False, "widget": forms.PasswordInput}
        super().__init__(**(defaults | more))

    def asked_before(self) -> dict[str, forms.Field]:
        """Return the fields that a form shows before this one, by their names."""
        return {}

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return _uncut(super().widget_attrs(widget))


class AddressField(forms.EmailField):
    """An e-mail address; full-width signs are plain ones."""

    def to_python(self, value: Any) -> str:
        return reading.plain(_read(reading.words, value, CANNOT_BE_STORED)) if value else ""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return _uncut(super().widget_attrs(widget))


class DayField(forms.DateField):
    """A day, written in any of the ways that the forms of the trial read."""

    widget = DayInput

    def to_python(self, value: Any) -> date | None:
        return value if isinstance(value, date) else _read_unless_empty(reading.day, value, TYPE_A_DAY)


class ClockField(forms.TimeField):
    """A time of day to the minute."""

    widget = forms.TimeInput(format="%H:%M", attrs={"placeholder": "HH:MM", "inputmode": "numeric"})

    def to_python(self, value: Any) -> time | None:
        return value if isinstance(value, time) else _read_unless_empty(reading.clock, value, TYPE_A_CLOCK)


class InstantField(forms.DateTimeField):
    """A day with its time in the time zone ``zone``, which its label names."""

    def __init__(self, *, zone: str, **more: Any) -> None:
        self.zone = zone
        super().__init__(**({"widget": InstantInput} | more))

    def to_python(self, value: Any) -> datetime | None:
        if isinstance(value, datetime):
            return value
        return _read_unless_empty(lambda text: reading.instant(text, zone=self.zone), value, TYPE_AN_INSTANT)

    def prepare_value(self, value: Any) -> Any:
        return reading.as_typed(value, zone=self.zone)[0] if isinstance(value, datetime) else value


class WholeNumberField(forms.IntegerField):
    """A whole number. A field of the type ``number`` would let a browser drop full-width digits unseen."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> int | None:
        return value if isinstance(value, int) else _read_unless_empty(reading.whole, value, TYPE_A_NUMBER)


class PointedField(forms.Field):
    """A number with at most ``places`` decimal places, exactly as it is typed."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, *, places: int = 2, **more: Any) -> None:
        self.places = places
        super().__init__(**more)

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, Decimal):
            return value
        said = TYPE_A_POINTED_NUMBER % {"places": self.places}
        return _read_unless_empty(lambda text: reading.pointed(text, places=self.places), value, said)


def _read_unless_empty(read: Callable[[str], Any], value: Any, otherwise: Any) -> Any:
    return _read(read, value, otherwise) if reading.clean(str(value or "")) else None


def _read(read: Callable[[str], Any], value: Any, otherwise: Any) -> Any:
    try:
        return read(str(value))
    except UnreadableError as fault:
        raise ValidationError(SAID.get(fault.reason, otherwise), code="invalid") from fault


def _uncut(attrs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attrs.items() if name not in {"maxlength", "minlength"}}


_FOR_COLUMNS: Final[tuple[tuple[type[models.Field[Any, Any]], type[forms.Field]], ...]] = (
    (models.EmailField, AddressField),
    (models.CharField, WordsField),
    (models.TextField, WordsField),
    (models.DateField, DayField),
    (models.IntegerField, WholeNumberField),
)


def field_of_column(column: models.Field[Any, Any], **more: Any) -> forms.Field | None:
    """Return the field by which a model form reads a column: what ``formfield_callback`` of its Meta names."""
    for kind, field in _FOR_COLUMNS:
        if isinstance(column, kind):
            return column.formfield(form_class=field, **more)
    return column.formfield(**more)
