"""What a visitor types: read kindly, refused clearly, never changed."""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kernel import reading
from kernel.fields import WordsField
from kernel.punctuation import listed
from website.contact.centres import Centre
from website.contact.cities import City, find_cities

HOME_REGION: Final = "CN"
LONGEST_MESSAGE: Final = 1000
LONGEST_NAME: Final = 60
# Where nearly every address of a visitor ends; a near miss of one of these is asked about.
KNOWN_DOMAINS: Final = (
    "qq.com", "163.com", "126.com", "yeah.net", "139.com", "189.cn", "sina.com", "sina.cn", "sohu.com",
    "aliyun.com", "foxmail.com", "tom.com", "21cn.com", "wo.cn", "gmail.com", "outlook.com", "hotmail.com",
    "live.com", "live.cn", "msn.com", "yahoo.com", "yahoo.cn", "icloud.com", "me.com", "protonmail.com",
)  # fmt: skip
LANGUAGES: Final = (
    "普通话", "English", "粤语", "四川话", "闽南语", "上海话", "客家话", "维吾尔语", "藏语", "蒙古语", "朝鲜语",
)  # fmt: skip


class LineField(forms.CharField):
    """One line of text, kept exactly as typed; a sign that cannot be printed is refused."""

    def __init__(self, **more: Any) -> None:
        super().__init__(strip=False, **more)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without maxlength, by which a browser cuts what is pasted."""
        return {name: said for name, said in super().widget_attrs(widget).items() if name != "maxlength"}

    def validate(self, value: str) -> None:
        super().validate(value if reading.clean(value) else "")
        if any(unicodedata.category(sign) in {"Cc", "Zl", "Zp"} for sign in value):
            raise ValidationError(
                _("This holds a sign that cannot be printed, such as a line break. Type it again by hand.")
            )


class Paragraphs(LineField):
    """Text of several lines, kept exactly as typed."""

    widget = forms.Textarea

    def validate(self, value: str) -> None:
        super().validate(value.translate({10: " ", 13: " ", 9: " "}))


def telephone(typed: str) -> str:
    """Return the number as the world dials it; what nobody can dial is refused with what to do."""
    try:
        number = phonenumbers.parse(reading.plain(typed), HOME_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number) or number.extension:
        raise ValidationError(
            _(
                "This is not a number that can be called. A Chinese mobile number has 11 digits, such as "
                "138 0013 8000. Give a landline with its area code, and a number abroad with + and its country code."
            )
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def address_meant(address: str) -> str:
    """Return the address that was probably meant where its ending is a near miss, else an empty text."""
    name, _at, domain = address.rpartition("@")
    domain = domain.lower()
    if not name or domain in KNOWN_DOMAINS:
        return ""
    near = difflib.get_close_matches(domain, KNOWN_DOMAINS, n=1, cutoff=0.82)
    return f"{name}@{near[0]}" if near else ""


class MailAddress(LineField):
    """An e-mail address. Only plain signs of mail systems everywhere: nothing that could end a header."""

    widget = forms.EmailInput

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value:
            return
        message = _(
            "An address has a name, the sign @ and a place, such as name@example.com. Check what you typed."
        )
        try:
            EmailValidator(message=message)(value)
            value.encode("ascii")
        except (ValidationError, UnicodeEncodeError):
            raise ValidationError(message) from None

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").strip(" \t")


@dataclass(frozen=True)
class Typed:
    """A request as it goes to the service: whom to call, in which language, about what."""

    first_name: str
    last_name: str
    email: str
    phone: str
    phone_typed: str
    language: str
    message: str


def _look_like_ours(form: forms.Form) -> None:
    for field in form.fields.values():
        widget = field.widget
        if isinstance(widget, forms.CheckboxInput):
            widget.attrs["class"] = "form-check-input"
        elif isinstance(widget, forms.TextInput | forms.EmailInput | forms.Textarea):
            widget.attrs["class"] = "form-control"


def _ask_about_near_miss(form: forms.Form, cleaned: dict[str, Any]) -> str:
    """Ask once about an address that ends in a near miss; return what was probably meant."""
    meant = address_meant(cleaned.get("email") or "")
    if meant and cleaned.get("email_kept") != cleaned["email"]:
        asked = _("Did you mean {address}? Correct it, or send the form once more as it is.")
        form.add_error("email", str(asked).format(address=meant))
        return meant
    return ""


class CallRequestForm(forms.Form):
    """The form of the public page. ``website`` is asked of nobody: who fills it is a program."""

    site = forms.ChoiceField(
        label=_("Centre that shall call you"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the centre that shall call you."),
            "invalid_choice": _("This centre takes no requests now. Choose another one."),
        },
    )
    first_name = LineField(
        label=_("First name"),
        max_length=LONGEST_NAME,
        error_messages={"required": _("Type your first name, so that the centre knows whom to ask for.")},
    )
    last_name = LineField(
        label=_("Last name"),
        max_length=LONGEST_NAME,
        error_messages={"required": _("Type your last name, so that the centre knows whom to ask for.")},
    )
    phone = LineField(
        label=_("Telephone"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        help_text=_("The centre calls this number. Numbers outside China begin with +."),
        error_messages={"required": _("Type the number that the centre shall call.")},
    )
    email = MailAddress(
        label=_("E-mail"),
        max_length=254,
        required=False,
        help_text=_("If you give one, you get a message that your request has arrived."),
    )
    email_kept = WordsField(required=False, max_length=254, widget=forms.HiddenInput)
    language = LineField(
        label=_("Language you prefer to speak"),
        max_length=40,
        help_text=_("Any language. The centre looks for somebody who speaks it."),
        error_messages={"required": _("Type the language in which you want to be called.")},
    )
    message = Paragraphs(
        label=_("Message"),
        max_length=LONGEST_MESSAGE,
        required=False,
        help_text=_("For instance when you can be reached. Please write nothing about your health here."),
    )
    consent = forms.BooleanField(
        label=_("I agree that this centre keeps what I typed and calls me about taking part in PALACE-3."),
        help_text=_(
            "It is used for this call only, read by this centre only, and erased after the request is closed. "
            "You can take your agreement back at any time, by the address that you get once it is sent."
        ),
        error_messages={
            "required": _("Without your agreement the centre may not call. Tick the box if you agree.")
        },
    )
    sensitive = forms.BooleanField(
        label=_(
            "I agree separately that my request says something about health, and that it is kept for the call."
        ),
        help_text=_("That somebody asks about a cancer trial is sensitive by law, whatever else is typed."),
        error_messages={
            "required": _("Without this second agreement nothing may be kept. Tick the box if you agree.")
        },
    )
    website = WordsField(required=False, max_length=200)

    def __init__(self, *args: Any, centres: list[Centre], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.centres = centres
        self.fields["site"].choices = [(centre.code, centre.name) for centre in centres]  # type: ignore[attr-defined]
        for name, hint in (("first_name", "given-name"), ("last_name", "family-name"), ("email", "email")):
            self.fields[name].widget.attrs["autocomplete"] = hint
        self.fields["language"].widget.attrs["list"] = "languages"
        self.fields["message"].widget.attrs |= {"rows": 4}
        _look_like_ours(self)

    def clean_phone(self) -> str:
        self.number = telephone(self.cleaned_data["phone"])
        return self.cleaned_data["phone"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.meant = _ask_about_near_miss(self, cleaned)
        return cleaned

    @property
    def is_of_a_program(self) -> bool:
        return bool(self.data.get("website"))

    def typed(self) -> Typed:
        """Return what was typed, after the form was found valid."""
        kept = self.cleaned_data
        return Typed(
            first_name=kept["first_name"],
            last_name=kept["last_name"],
            email=kept["email"],
            phone=self.number,
            phone_typed=kept["phone"],
            language=kept["language"],
            message=kept["message"],
        )


def city_of(typed: str) -> tuple[City | None, str]:
    """Return the city that is meant, or None and what to do."""
    cities = find_cities(typed)
    if len(cities) == 1:
        return cities[0], ""
    if cities:
        names = listed(city.name_in(get_language() or "en") for city in cities)
        return None, str(_("There are several: {names}. Type one of these.")).format(names=names)
    if not typed.strip():
        return None, str(_("Type the name of your city, in Chinese or in English."))
    return None, str(_("This city is not in the list. Type the larger city that it belongs to or lies near."))


class NewsForm(forms.Form):
    """Signing up for news of this trial."""

    email = MailAddress(
        label=_("E-mail"),
        max_length=254,
        error_messages={"required": _("Type the address that shall get the news.")},
    )
    email_kept = WordsField(required=False, max_length=254, widget=forms.HiddenInput)
    consent = forms.BooleanField(
        label=_("I agree that the team of PALACE-3 keeps this address and sends me news of this trial."),
        help_text=_(
            "It is used for nothing else, given to nobody, and not connected with any request to a centre. "
            "Each message holds an address with which you leave at once."
        ),
        error_messages={
            "required": _("Without your agreement nothing can be sent. Tick the box if you agree.")
        },
    )
    website = WordsField(required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        _look_like_ours(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.meant = _ask_about_near_miss(self, cleaned)
        return cleaned

    @property
    def is_of_a_program(self) -> bool:
        return bool(self.data.get("website"))
