"""How people are met: at visits, and by attempts to reach them (CDISC SV: contact mode)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ContactMode(models.TextChoices):
    CENTRE = "centre", _("In person, at the centre")
    LOCAL_HOSPITAL = "local_hospital", _("In person, at a local hospital")
    HOME = "home", _("In person, at home")
    TELEPHONE = "telephone", _("By telephone")
    VIDEO = "video", _("By video call")
    RECORDS = "records", _("Nobody was met: records alone")


# Of visits: they took place and somebody was met, as far as is said. Records alone prove no life.
SOMEBODY_MET = models.Q(took_place_on__isnull=False) & ~models.Q(contact_mode=ContactMode.RECORDS)


class SourceKeeper(models.TextChoices):
    CENTRE = "centre", _("Record of the centre")
    LOCAL_HOSPITAL = "local_hospital", _("Record of a local hospital")
    PARTICIPANT = "participant", _("What the participant says")
    FAMILY = "family", _("What the family says")
    REGISTER = "register", _("A register")


class ContactRoute(models.TextChoices):
    PHONE = "phone", _("Telephone")
    LETTER = "letter", _("Letter")
    FAMILY = "family", _("Family")
    DOCTOR = "doctor", _("Local doctor")
    REGISTER = "register", _("Register")


class ContactResult(models.TextChoices):
    REACHED = "reached", _("Reached")
    NO_ANSWER = "no_answer", _("No answer")
    WRONG_NUMBER = "wrong_number", _("Number no longer right")
    REFUSED = "refused", _("Does not want to talk")
