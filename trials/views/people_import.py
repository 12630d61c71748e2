"""People of a file: shown line by line, then made and invited."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.permissions import ROLE_LABELS, Permission, requires
from accounts.requests import PersonRequest
from kernel.errors import Forbidden, Refusal
from trials.models import Site
from trials.people_file import COLUMNS, MOST, NEEDED
from trials.people_forms import ImportPeopleForm, PeopleFileForm, read_people
from trials.services.people_import import PeopleLine, import_people, try_people


@requires(Permission.PERSON_DELEGATE)
def people_file(request: PersonRequest) -> HttpResponse:
    """Take a file of people: show what each line would do, then do what was shown."""
    if request.user.sites_with(Permission.PERSON_DELEGATE) is not None:
        raise Forbidden
    now = timezone.now()
    sent = PeopleFileForm(request.POST or None, request.FILES or None)
    lines = _lines(request, sent)
    form = ImportPeopleForm(request.POST if "seen" in request.POST else None)
    if lines and form.submits(import_people, lines=lines, by=request.user, at=now):
        done = form.result.changes
        text = ngettext("{number} line is done.", "{number} lines are done.", done)
        messages.success(request, text.format(number=done))
        return redirect("trials:people")
    outcome = try_people(lines, by=request.user, at=now) if lines else None
    form.initial["seen"] = outcome.digest if outcome else ""
    shown = {
        "sent": sent,
        "form": form,
        "outcome": outcome,
        "content": sent.cleaned_data.get("content", "") if lines else "",
        "columns": COLUMNS,
        "needed": NEEDED,
        "most": MOST,
        "roles": [(role.value, label) for role, label in ROLE_LABELS.items()],
    }
    return render(request, "trials/people_file.html", shown, status=max(form.status, sent.status))


def _lines(request: PersonRequest, sent: PeopleFileForm) -> list[PeopleLine]:
    """Return the lines of the file that was sent; what cannot be read stands at its field."""
    if not sent.is_valid():
        return []
    sites = Site.objects.open_to(request.user, Permission.PERSON_DELEGATE)
    try:
        return read_people(sent.cleaned_data["content"], sites)
    except Refusal as refusal:
        sent.refuse(refusal)
        return []
