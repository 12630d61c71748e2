"""What a service answers when something may not be done."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):  # noqa: N818 (a refusal is no error)
    """Says what is so and what to do, in the reader's language; never a bug.

    The message is a gettext text with ``{placeholders}`` that the values fill. It names the
    participant number, never a person, a coming arm or code. Middleware turns it into a page
    with ``status``; the API adds ``code``, which every kind of refusal declares for itself and keeps
    (docs/reference/refusals.md). ``fields`` names what it speaks of, as services and their forms call it: the first
    of them that a form has is marked.
    """

    code: ClassVar[str] = "refused"
    message: ClassVar[str | Promise] = _("This cannot be done now.")
    status: ClassVar[int] = 409
    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **values: Any) -> None:
        super().__init__(values)
        self.values = values

    def __reduce__(self) -> tuple[Any, ...]:
        """A refusal that comes from another process says there what it said."""
        return _refused, (type(self), self.values)

    def __str__(self) -> str:
        return str(self.message).format(**self.values)


def _refused(kind: type[Refusal], values: dict[str, Any]) -> Refusal:
    return kind(**values)


class Forbidden(Refusal):
    """The person is known, and their role does not include this."""

    code = "forbidden"
    message = _("Your role does not include this. Ask the trial manager if you need it for your work.")
    status = 403
