"""Which rows of the database a row of an exported file is made of: by them it is known again, and whose doing it is.

Tables beside the forms say it for themselves (``exports/listed/catalogue.py``); the files of a form all alike.
"""

from __future__ import annotations

from crf import catalogue
from crf.models import Record
from exports.listed.catalogue import BY_NAME
from exports.tables import File, Origin, Part
from followup.models import Visit

_RECORD, _VISIT = Part("r", Record), Part("v", Visit)


def origin_of(file: File) -> Origin:
    """Return what the rows of the file are made of."""
    if not file.form:
        return BY_NAME[file.name].origin
    form = catalogue.form(file.form)
    if file.group:
        return Origin("g.id", (Part("g", form.groups[file.group].model), _RECORD, _VISIT))
    return Origin("r.id", (Part("f", form.model), _RECORD, _VISIT))
