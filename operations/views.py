"""How the service does, and what is still missing of the installation."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.maintenance import maintenance
from kernel.service_form import Page
from operations import setting_up
from operations.forms import MailNumberForm, SafeKeyForm, TryMailForm
from operations.models import Alarm, OperationRecord
from operations.watching import SAID, WatchLevel, readings

LAST_OPERATIONS = 12
STATES = {
    WatchLevel.OK: "fine",
    WatchLevel.WARNING: "warning",
    WatchLevel.CRITICAL: "critical",
    WatchLevel.UNKNOWN: "unknown",
}


@requires(Permission.TASK_WATCH)
def service(request: PersonRequest) -> HttpResponse:
    """Show each reading of the watch, since when it is not well, and the last backups, drills and upgrades."""
    alarms = Alarm.objects.open_to(request.user, Permission.TASK_WATCH)
    since = dict(alarms.values_list("reading", "since"))
    lines = [
        {
            "name": SAID[each.name],
            "state": STATES[each.level],
            "seen": each.seen,
            "since": None if each.level is WatchLevel.OK else since.get(each.name),
        }
        for each in readings(at=timezone.now())
    ]
    records = OperationRecord.objects.open_to(request.user, Permission.TASK_WATCH)
    operations = records.select_related("act__by")[:LAST_OPERATIONS]
    context = {"lines": lines, "operations": operations, "maintenance": maintenance()}
    return render(request, "operations/service.html", context)


@requires(Permission.TASK_WATCH)
def set_up(request: PersonRequest) -> HttpResponse:
    """Show every step of the set-up, until all is there."""
    steps = setting_up.set_up_steps(at=timezone.now())
    context = {
        "steps": steps,
        "done": sum(step.is_done for step in steps),
        "may_confirm": request.user.may(Permission.SITE_MANAGE),
        "try_mail": TryMailForm(),
    }
    return render(request, "operations/set_up.html", context)


@requires(Permission.SITE_MANAGE)
@require_POST
def try_mail(request: PersonRequest) -> HttpResponse:
    """Send a mail with a number to the person who asks."""
    form = TryMailForm(request.POST)
    if form.submits(setting_up.try_mail, by=request.user, at=timezone.now()):
        messages.success(request, _("The mail is on its way. Type its number here when it has come."))
        return redirect("operations:confirm-mail")
    messages.error(request, str(form.refusal or ""))
    return redirect("operations:set-up")


@requires(Permission.SITE_MANAGE)
def confirm_mail(request: PersonRequest) -> HttpResponse:
    """Take the number that the mail carried."""
    form = MailNumberForm(request.POST or None)
    up = reverse("operations:set-up")
    if form.submits(setting_up.confirm_mail, by=request.user, at=timezone.now()):
        messages.success(request, _("It is on record that mail works."))
        return redirect(up)
    page = Page(_("Mail works"), _("This is the number"), up, _("Set-up"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.SITE_MANAGE)
def confirm_key(request: PersonRequest, variable: str) -> HttpResponse:
    """Compare the copy of a key in the safe with the key in use."""
    if variable not in setting_up.SAFE_KEYS:
        raise Http404
    form = SafeKeyForm(request.POST or None, name=variable)
    up = reverse("operations:set-up")
    if form.submits(setting_up.confirm_key, by=request.user, at=timezone.now()):
        messages.success(request, _("It is on record that the copy in the safe is the key in use."))
        return redirect(up)
    about = _("Whoever keeps the safe reads it here once. The program keeps its fingerprint alone.")
    page = Page(_("Read {key} back").format(key=variable), _("Compare"), up, _("Set-up"), about)
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)
