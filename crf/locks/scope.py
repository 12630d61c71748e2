"""What is frozen or locked together: a form, a visit, a participant, a site or the study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from crf.links import at_visit
from crf.models import ExpectedForm, Query, Record
from followup.models import Visit
from trials.models import DataLock, LockLevel, Participant, Site
from trials.models.locks import lock_at


@dataclass(frozen=True)
class LockScope:
    """One form, visit, participant, site or the study, with the data that belong to it."""

    level: LockLevel
    site: Site | None = None
    participant: Participant | None = None
    visit: Visit | None = None
    record: Record | None = None

    @classmethod
    def of_record(cls, record: Record, participant: Participant) -> LockScope:
        return cls(LockLevel.FORM, participant.site, participant, record.visit, record)

    @classmethod
    def of_visit(cls, visit: Visit) -> LockScope:
        return cls(LockLevel.VISIT, visit.participant.site, visit.participant, visit)

    @classmethod
    def of_participant(cls, participant: Participant) -> LockScope:
        return cls(LockLevel.PARTICIPANT, participant.site, participant)

    @classmethod
    def of_site(cls, site: Site) -> LockScope:
        return cls(LockLevel.SITE, site)

    @classmethod
    def of_study(cls) -> LockScope:
        return cls(LockLevel.STUDY)

    @property
    def label(self) -> str:
        """Return the words that name it to people and in signatures."""
        if self.record is not None and self.participant is not None:
            at = f" {self.visit}" if self.visit is not None else ""
            number = f" #{self.record.sequence}" if self.record.sequence > 1 else ""
            return f"{self.participant.number} {self.record.form_code}{at}{number}"
        if self.visit is not None and self.participant is not None:
            return f"{self.participant.number} {self.visit}"
        if self.participant is not None:
            return self.participant.number
        if self.site is not None:
            return _("Site {site}").format(site=self.site.code)
        return _("The study")

    @property
    def place(self) -> dict[str, Any]:
        """Return the columns of a freeze or lock that name it."""
        return {
            "level": self.level,
            "site": self.site,
            "participant": self.participant,
            "visit_number": self.visit.pk if self.level == LockLevel.VISIT and self.visit else None,
            "record_number": self.record.pk if self.record else None,
        }

    @property
    def href(self) -> str:
        """Return the page on which it is frozen and locked."""
        if self.record is not None and self.participant is not None:
            here = [self.participant.number, self.record.form_code, self.record.sequence]
            return at_visit(reverse("crf:lock", args=here), self.record.visit_id)
        if self.visit is not None and self.participant is not None:
            return reverse("crf:lock-visit", args=[self.participant.number, self.visit.pk])
        if self.participant is not None:
            return reverse("crf:lock-participant", args=[self.participant.number])
        if self.site is not None:
            return reverse("crf:lock-site", args=[self.site.code])
        return reverse("crf:locks")

    def people(self) -> QuerySet[Participant]:
        """Return the participants whose data it holds, in the order in which they are locked."""
        everybody = Participant.objects.order_by("pk")
        if self.participant is not None:
            return everybody.filter(pk=self.participant.pk)
        return everybody.filter(site=self.site) if self.site is not None else everybody

    def within(self, rows: Any) -> Any:
        """Narrow rows about participants to those of its participants, or of its visit."""
        if self.level == LockLevel.VISIT:
            return rows.filter(visit=self.visit)
        if self.participant is not None:
            return rows.filter(participant=self.participant)
        return rows.filter(site=self.site) if self.site is not None else rows

    def records(self) -> Any:
        """Return its records that hold answers."""
        if self.record is not None:
            return Record.objects.filter(pk=self.record.pk)
        return self.within(Record.objects.all())

    def queries(self) -> Any:
        """Return the queries about its answers that are not closed."""
        living = Query.objects.living()
        return living.filter(record=self.record) if self.record is not None else self.within(living)

    def expected(self) -> Any:
        """Return the forms that its visits expect; a form expects nothing beside itself."""
        rows = ExpectedForm.objects.all()
        return rows.none() if self.record is not None else self.within(rows)

    def standing(self) -> DataLock | None:
        """Return the freeze, lock or opening that stands for just this, or None."""
        row: DataLock | None = DataLock.objects.standing().filter(**self.place).first()
        return row

    def over(self) -> dict[str, Any] | None:
        """Return what holds over its data, whether it stands here or above, or None."""
        site = self.site.pk if self.site is not None else None
        participant = self.participant.pk if self.participant is not None else None
        visit = self.visit.pk if self.visit is not None else None
        return lock_at(site, participant, visit, self.record.pk if self.record is not None else None)
