"""The paper of a serious event stands alone: the event itself is printed on it, before the report."""

from __future__ import annotations

from crf import catalogue
from crf.engine.declaration import FormDeclaration

EVENT, REPORT = "AE", "SAE"


def forms_before(form: FormDeclaration) -> tuple[FormDeclaration, ...]:
    """Return the forms that a blank ``form`` brings with it, so that one sheet says everything within 24 hours."""
    return (catalogue.form(EVENT),) if form.code == REPORT else ()
