"""What is asked before serious events are compared with a safety database."""

from __future__ import annotations

from typing import Any

from django.forms import ChoiceField, FileField
from django.utils.translation import gettext_lazy as _

from exports.imports.files import LARGEST_BYTES
from kernel.service_form import ServiceForm

ON_PAGE, AS_FILE = "page", "csv"


class ReconciliationForm(ServiceForm):
    """The file of the safety database, and how the differences are shown."""

    file = FileField(
        label=_("File of the safety database"),
        help_text=_(
            "CSV in UTF-8 or XLSX with SUBJID and AESEQ in each line, under the names of our own file."
        ),
    )
    shown = ChoiceField(
        label=_("Differences"), choices=((ON_PAGE, _("on this page")), (AS_FILE, _("as a CSV file")))
    )

    def arguments(self) -> dict[str, Any]:
        file = self.cleaned_data["file"]
        return {"file": file.read(LARGEST_BYTES + 1), "file_name": file.name}
