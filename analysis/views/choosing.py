"""What the address of an analysis chooses: the sites, one of them, and the cut at which it reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.http import HttpResponse

from accounts.permissions import Permission
from accounts.requests import PersonRequest
from exports.cuts import Cut
from exports.kept_cuts.services import cut_of
from exports.register import named_cuts
from followup.views.agenda import chosen_site
from kernel.choices import chosen
from kernel.clock import local_date
from reports.quality import Report, as_csv
from trials.models import Site


@dataclass(frozen=True)
class ChosenData:
    """The sites that the person may count, the one chosen, and the cut; ``cut_name`` is empty for now.

    ``at`` is the moment of the cut, by the clock of the request where it is now.
    """

    sites: list[Site]
    site: Site | None
    cut: Cut
    at: datetime
    cut_name: str
    cut_names: list[str]

    @property
    def counted(self) -> dict[int, str]:
        """Return code by key of the sites that are counted."""
        return {each.pk: each.code for each in ([self.site] if self.site else self.sites)}

    @property
    def today(self) -> date:
        """Return the day of the trial on which the data stand."""
        return local_date(self.at, settings.TRIAL_TIME_ZONE)

    @property
    def keys(self) -> list[int]:
        return list(self.counted)


def chosen_data(request: PersonRequest, *permissions: Permission, at: datetime) -> ChosenData:
    """Return what the address chooses, of the sites that the person may see with one of the permissions."""
    cut_names = list(named_cuts().values_list("name", flat=True))
    cut_name = chosen(request, "cut", cut_names)
    cut = cut_of(named_cuts().get(name=cut_name)) if cut_name else Cut.of_this_snapshot()
    permission = next((each for each in permissions if request.user.may(each)), permissions[0])
    sites = list(Site.objects.open_to(request.user, permission).order_by("code"))
    return ChosenData(
        sites, chosen_site(request, sites), cut, cut.at if cut_name else at, cut_name, cut_names
    )


def report_as_file(report: Report, data: ChosenData) -> HttpResponse:
    """Return the tables of a report as CSV, named after what was chosen."""
    answer = HttpResponse(as_csv(report), content_type="text/csv; charset=utf-8")
    name = f"PALACE-3_{report.slug}_{data.site.code if data.site else 'all'}_{data.today}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
