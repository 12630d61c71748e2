"""The forms of one visit, told to the visit page, which stands on a lower floor (settings.FORMS_OF_VISITS)."""

from __future__ import annotations

from datetime import date

from crf import catalogue
from crf.engine.declaration import Repeats
from followup.forms_due import FormDue
from followup.models import Visit
from reports.matrix import matrix_of


def forms_of_visit(visit: Visit, *, today: date) -> list[FormDue]:
    """Return the forms that the visit asks for, with state and address."""
    matrix = matrix_of(visit.participant, [visit], {visit.pk: str(visit)}, today=today)
    titles = catalogue.forms()
    cells = [cell for row in matrix.rows for cell in row.cells if cell is not None]
    cells += [cell for form, cell in matrix.alone if form.repeats is Repeats.LOG and form.code in visit.forms]
    return [
        FormDue(cell.code, str(titles[cell.code].title), cell.state, cell.href, cell.queries)
        for cell in cells
    ]


def forms_for_any_visit() -> list[tuple[str, str]]:
    """Return the forms that belong to a visit, with their titles."""
    forms = catalogue.forms().values()
    return [(form.code, str(form.title)) for form in forms if form.repeats is Repeats.PER_VISIT]
