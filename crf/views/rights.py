"""The rights that open a form anywhere: each form says which one reads it, and which one saves it (ADR 35).

Whether somebody holds the right of the very form is asked where the participant is looked up.
"""

from __future__ import annotations

from typing import Final

from accounts.permissions import Permission
from crf import catalogue

_FORMS = catalogue.forms().values()
READING: Final = (Permission.CRF_VIEW, *sorted({form.seen_by for form in _FORMS} - {Permission.CRF_VIEW}))
ENTERING: Final = (Permission.CRF_EDIT, *sorted({form.entered_by for form in _FORMS} - {Permission.CRF_EDIT}))
