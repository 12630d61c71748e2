"""A form that is given to one service: its refusal stands at the answer it speaks of, and nothing typed is lost.

A view is straight lines::

    form = MoveSiteForm(request.POST or None)
    if form.submits(move_site, site=site, to=to, by=request.user, at=timezone.now()):
        return redirect(form.result)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.utils.functional import cached_property

from kernel.errors import Refusal
from kernel.fields import PasswordField
from kernel.once import FIELD, SentBefore, new_key, sent_once, was_sent


@dataclass(frozen=True)
class Page:
    """What the page of one form says: its title, what it is for, its button, and the page above it."""

    title: str
    button: str
    up: str
    up_label: str
    about: str = ""
    is_grave: bool = False


class Submitting(forms.BaseForm):
    """What every form that is given to a service can do; fields bear the names of the service's parameters."""

    is_atomic: ClassVar[bool] = True  # False where the service opens and commits transactions of its own
    refusal: Refusal | None = None
    result: Any = None
    asked_beside: frozenset[str] = frozenset()  # what a password asks for beside itself; no service takes it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = {}
        for name, field in self.fields.items():
            before = field.asked_before() if isinstance(field, PasswordField) else {}
            fields |= before | {name: field}
            self.asked_beside |= before.keys()
        self.fields = fields

    def full_clean(self) -> None:
        super().full_clean()
        for name in self.asked_beside & getattr(self, "cleaned_data", {}).keys():
            del self.cleaned_data[name]

    def arguments(self) -> dict[str, Any]:
        """Return what was typed as the service takes it."""
        return dict(self.cleaned_data)

    def submits(self, service: Callable[..., Any], /, **fixed: Any) -> bool:
        """Call ``service`` with what was typed and with ``fixed``; return whether it did its step.

        ``result`` is what it returned. A refusal is added to the form. One page is one step, however often
        the person (``by``, or ``user`` where somebody settles what is their own) sends it.
        """
        if not self.is_valid():
            return False
        sent, person = str(self.data.get(FIELD, "")), fixed.get("by", fixed.get("user"))
        try:
            with sent_once(sent, by=person), transaction.atomic() if self.is_atomic else nullcontext():
                self.result = service(**self.arguments(), **fixed)
        except Refusal as refusal:
            self.refuse(refusal)
            return False
        return True

    def refuse(self, refusal: Refusal) -> None:
        """Put the sentence of the refusal at the answer that it speaks of, else above the form."""
        self.refusal = refusal
        field = next((name for name in refusal.fields if name in self.fields), None)
        self.add_error(field, str(refusal))

    @property
    def status(self) -> int:
        """The status of the page that shows the form: why it is shown."""
        if self.refusal is not None:
            return self.refusal.status
        return 422 if self.errors else 200

    @cached_property
    def once(self) -> str:
        """The key of the page that shows the form; a third press on one that was sent before is no new step."""
        return str(self.data[FIELD]) if isinstance(self.refusal, SentBefore) else new_key()


class ServiceForm(Submitting, forms.Form):
    """A form whose fields are declared."""


class ForeseeingForm(ServiceForm):
    """A form of an act that moves much: it shows what follows before it is sent once more and done."""

    asks_always: ClassVar[bool] = True  # False where an act from which nothing follows is simply done
    follows: Any = None

    def foresees(self, preview: Callable[..., Any], service: Callable[..., Any], /, **fixed: Any) -> bool:
        """Show what ``preview`` says of the service, unless just that was shown; return whether it is shown now.

        What has changed since it was shown, in another window or by another person, is shown again. ``follows`` is
        what the preview returned. A refusal is added to the form.
        """
        if not self.is_valid() or was_sent(str(self.data.get(FIELD, "")), by=fixed.get("by")):
            return False
        try:
            follows = preview(lambda: service(**self.arguments(), **fixed))
        except Refusal as refusal:
            self.refuse(refusal)
            return True
        if (follows or self.asks_always) and self.data.get("confirmed") != self._digest(follows):
            self.follows = follows
        return self.follows is not None

    @property
    def confirmation(self) -> str:
        """What the page sends back to say that what follows from these answers was shown; empty when it was not."""
        return "" if self.follows is None else self._digest(self.follows)

    def _digest(self, follows: Any) -> str:
        shown = (sorted(self.cleaned_data.items()), sorted(self.initial.items()), follows)
        return hashlib.sha256(repr(shown).encode()).hexdigest()


class ServiceModelForm(Submitting, forms.ModelForm):
    """A form with fields of a model; the service writes, the form never saves."""
