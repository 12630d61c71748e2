"""What is asked before a file is imported."""

from __future__ import annotations

import json
from typing import Any

from django.forms import ChoiceField, FileField, Textarea
from django.utils.translation import gettext_lazy as _

from crf import catalogue
from exports.imports.files import LARGEST_BYTES
from exports.imports.models import DataImport
from kernel.fields import WordsField
from kernel.service_form import ServiceForm


class ImportForm(ServiceForm):
    """The form, the file, and which column answers which question."""

    is_atomic = False
    form = ChoiceField(label=_("Form"))
    file = FileField(
        label=_("File"),
        help_text=_(
            "CSV in UTF-8 or XLSX with the names of the columns in the first line; 10 MB and 20,000 lines at most."
        ),
    )
    mapping_name = WordsField(
        label=_("Name of the mapping"),
        required=False,
        max_length=80,
        help_text=_("A name under which it is used again for the next file of this kind."),
    )
    mapping = WordsField(
        label=_("Mapping"),
        required=False,
        strip=True,
        widget=Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_(
            "Leave empty: the mapping of that name is used, else the columns are recognised by the names or texts of "
            "the questions. You see it with the preview, and can change it there."
        ),
    )

    def __init__(self, *args: Any, used: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["form"]
        chosen.choices = [(code, f"{code} {form.title}") for code, form in catalogue.forms().items()]
        self.fields["mapping_name"].widget.attrs["list"] = "mapping-names"
        self.used = used

    def arguments(self) -> dict[str, Any]:
        file = self.cleaned_data["file"]
        content = file.read(LARGEST_BYTES + 1)
        return {**self.cleaned_data, "file": content, "file_name": file.name}


class ImportStepForm(ServiceForm):
    """One press: take what is new, or put the preview aside."""

    is_atomic = False


def mapping_text(data_import: DataImport) -> str:
    """Return the mapping of an import as somebody reads and changes it: the parts that say something."""
    said = {name: value for name, value in data_import.mapping.items() if value}
    return json.dumps(said, indent=2, ensure_ascii=False)
