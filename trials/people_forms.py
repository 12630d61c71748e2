"""A file of people as it is sent, and each of its lines as it is read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.permissions import ROLE_LABELS, Role
from kernel.fields import AddressField, DayField, SeenField, WordsField
from kernel.reading import UnreadableError, words
from kernel.service_form import ServiceForm
from trials.forms import PersonForm
from trials.models import Site
from trials.people_file import people_lines, text_of_file
from trials.services.people_import import PeopleLine

PROOFS = ("trained_on", "training_document", "identity_checked_on", "identity_document")
MOST_BYTES = 200_000
IN_FILE = {"starts_on": "from", "ends_on": "until"}


class PeopleFileForm(ServiceForm):
    """The file, or the text of one that was shown."""

    file = forms.FileField(label=_("File of people (CSV)"), required=False)
    content = WordsField(required=False, max_length=MOST_BYTES, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if sent := cleaned.get("file"):
            if sent.size > MOST_BYTES:
                raise forms.ValidationError(_("The file is larger than a file of people can be."))
            cleaned["content"] = _read(sent.read())
        if not cleaned.get("content"):
            self.add_error("file", _("Choose a file."))
        return cleaned


def _read(content: bytes) -> str:
    try:
        return words(text_of_file(content))
    except UnreadableError as fault:
        raise forms.ValidationError(
            _("This holds a character that cannot be stored. Type it again.")
        ) from fault


class ImportPeopleForm(ServiceForm):
    """What was shown that the file would do."""

    seen = SeenField(max_length=64)


class PersonLineForm(forms.Form):
    """One line, read as the pages of an account and of a role read it."""

    user_name = PersonForm.declared_fields["username"]
    name = WordsField(max_length=120)
    e_mail = AddressField()
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    role = forms.ChoiceField(choices=[(role.value, ROLE_LABELS[role]) for role in Role])
    starts_on = DayField()
    ends_on = DayField(required=False)
    trained_on = DayField(required=False)
    training_document = WordsField(max_length=200, required=False)
    identity_checked_on = DayField(required=False)
    identity_document = WordsField(max_length=200, required=False)


def read_people(text: str, sites: Any) -> list[PeopleLine]:
    """Return the lines of a file; one that cannot be read says why.

    Refuses: as ``people_lines`` does.
    """
    by_code = {site.code: site for site in sites}
    return [_line(number, row, by_code) for number, row in enumerate(people_lines(text), start=2)]


def _line(number: int, row: dict[str, str], sites: dict[str, Site]) -> PeopleLine:
    role = _role_of(row["role"])
    form = PersonLineForm({**row, "role": role, "starts_on": row["from"], "ends_on": row["until"]})
    site = sites.get(row["site"])
    problems = [
        f"{IN_FILE.get(name, name)}: {' '.join(map(str, faults))}" for name, faults in form.errors.items()
    ]
    if row["site"] and site is None:
        problems.append(str(_("There is no site “{site}” that is open to you.")).format(site=row["site"]))
    read = form.cleaned_data
    days = read.get("starts_on"), read.get("ends_on")
    if days[0] and days[1] and days[1] < days[0]:
        problems.append(str(_("The last day lies before the first. Check both dates.")))
    account = {
        "display_name": read.get("name") or row["name"],
        "email": read.get("e_mail") or row["e_mail"],
        "language": read.get("language") or settings.LANGUAGE_CODE,
        **{name: read.get(name) or None for name in PROOFS},
    }
    return PeopleLine(
        number, row["user_name"], role, row["site"], account, site, *days, problem=" ".join(problems)
    )


def _role_of(typed: str) -> str:
    """Return the role by its code or by its name in the reader's language."""
    named = {str(label).casefold(): role.value for role, label in ROLE_LABELS.items()}
    return named.get(typed.casefold(), typed)
