"""A later version of the protocol in words, old beside new, and who at a site is touched by each point.

The page is read by whoever opens the version, its print by the site's ethics committee (requirement 49).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine.versions import changes_of
from crf.models import Record, RecordState
from followup.impact import Impact, affected, impacts, with_what_is_known
from followup.models import AWAITED
from followup.versions import MOST_COUNTED
from followup.wording import in_language
from kernel.paper import set_pages
from protocol.amendment import ASPECTS, PARTS, AmendmentPoint, points, reads_of
from protocol.text import ProtocolText, digest_of, later_than, load, versions
from trials.models import EligibilityDecision, Participant, Site
from trials.models.participants import Track

TREATMENT_SERIES, END_OF_TREATMENT = "treatment", "NEO_END"
ELIGIBILITY_TOPIC = "eligibility"
FORM_ASPECTS: Mapping[str, str | Promise] = {
    "words": gettext_lazy("words"),
    "heading": gettext_lazy("heading"),
    "code": gettext_lazy("answer"),
    "range": gettext_lazy("range"),
    "title": gettext_lazy("title"),
    "message": gettext_lazy("message of a check"),
}


@dataclass(frozen=True)
class Touched:
    """Who is touched in one way; ``numbers`` is empty where they would tell somebody's arm to who may not see it."""

    label: str
    count: int
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class PointLine:
    """One point of the amendment in the reader's language, with who is touched by it."""

    title: str
    aspect: str
    kind: str
    before: str
    after: str
    touched: tuple[Touched, ...]


@dataclass(frozen=True)
class PointGroup:
    """The points of one part of the protocol, such as its visits."""

    title: str
    lines: tuple[PointLine, ...]


@dataclass(frozen=True)
class Amendment:
    """What a later version changes at a site, and whom whatever it changes touches."""

    site: Site
    earlier: ProtocolText
    later: ProtocolText
    digests: tuple[str, str]
    groups: tuple[PointGroup, ...]
    everybody: tuple[Touched, ...]
    is_ahead: bool
    is_counted: bool
    living: int


@dataclass
class _AtSite:
    """What is known of the living at the site, gathered once: by participant's number."""

    sees_arms: bool
    impacts: list[Impact] = field(default_factory=list)
    decided: set[str] = field(default_factory=set)
    in_progress: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def people(self) -> list[Participant]:
        return [impact.participant for impact in self.impacts]

    def touched(
        self, label: str | Promise, numbers: Iterable[str], *, tells_arm: bool = False
    ) -> list[Touched]:
        """Return the line, or nothing where nobody is touched in this way."""
        distinct = tuple(sorted(set(numbers)))
        if not distinct:
            return []
        return [Touched(str(label), len(distinct), () if tells_arm and not self.sees_arms else distinct)]


def amendment_of(site: Site, version: str, *, user: User, at: datetime) -> Amendment:
    """Return what ``version`` changes at the site against the one in force there, and who is touched by each point.

    A version that the site follows, or has left, is shown against the one before it, and touches nobody any more.
    """
    is_ahead = version in later_than(site.protocol_version)
    earlier, later = load(site.protocol_version if is_ahead else _before(version)), load(version)
    people = with_what_is_known(affected(site, version))
    living = people.count()
    is_counted = living <= MOST_COUNTED
    known = _AtSite(user.may(Permission.ALLOCATION_LIST, site))
    if is_ahead and is_counted:
        known.impacts = list(impacts(people, site=site, version=version, at=at))
        _gather(known, site, version)
    changed = points(earlier, later)
    return Amendment(
        site,
        earlier,
        later,
        (digest_of(earlier.version), digest_of(later.version)),
        (*_groups(changed, known, earlier), *_forms(known, earlier, later)),
        tuple(_everybody(known, earlier)),
        is_ahead,
        is_ahead and is_counted,
        living,
    )


def _before(version: str) -> str:
    order = versions()
    return order[max(order.index(version) - 1, 0)]


def _gather(known: _AtSite, site: Site, version: str) -> None:
    live = EligibilityDecision.objects.filter(site=site, lapsed_at=None, participant__state=Track.SCREENED)
    known.decided = set(live.values_list("participant__number", flat=True))
    begun = Record.objects.filter(site=site, state=RecordState.IN_PROGRESS).exclude(protocol_version=version)
    for form, number in begun.values_list("form_code", "participant__number"):
        known.in_progress[form].add(number)


def _everybody(known: _AtSite, earlier: ProtocolText) -> Iterator[Touched]:
    """What happens to people whatever the points are."""
    yield from known.touched(_("Signed decisions on eligibility that lapse"), known.decided)
    moved = (impact.participant.number for impact in known.impacts if impact.changes)
    yield from known.touched(_("With other visits"), moved)
    unsigned = (impact.participant.number for impact in known.impacts if impact.must_consent)
    yield from known.touched(_("To consent anew"), unsigned)
    begun = {number for numbers in known.in_progress.values() for number in numbers}
    said = _("With forms in progress, which stay under version %(version)s") % {"version": earlier.version}
    yield from known.touched(said, begun)


def _groups(changed: Sequence[AmendmentPoint], known: _AtSite, earlier: ProtocolText) -> Iterator[PointGroup]:
    for part, title in PARTS.items():
        lines = tuple(_line(point, known, earlier) for point in changed if point.part == part)
        if lines:
            yield PointGroup(in_language(title), lines)


def _forms(known: _AtSite, earlier: ProtocolText, later: ProtocolText) -> Iterator[PointGroup]:
    """Return what forms ask otherwise of records begun under the later version; those begun before stay (ADR 39)."""
    living = [each.number for each in known.people]
    lines = []
    for code, form in catalogue.forms().items():
        stays = _("Form %(form)s in progress, which stays under version %(version)s")
        said = {"form": code, "version": earlier.version}
        for change in changes_of(form, earlier.version, later.version):
            touched = [
                *known.touched(_("Asked of their next records"), living if change.after else ()),
                *known.touched(stays % said, known.in_progress.get(code, ())),
            ]
            newly_required = change.is_required and change.kind == "added"
            aspect = _("newly required") if newly_required else FORM_ASPECTS[change.aspect]
            title = f"{form.title} · {change.place}"
            if newly_required or change.aspect != "words":
                title += f" · {aspect}"
            lines.append(
                PointLine(
                    title,
                    str(aspect),
                    change.kind,
                    str(change.before or ""),
                    str(change.after or ""),
                    tuple(touched),
                )
            )
    if lines:
        yield PointGroup(_("Questions of forms"), tuple(lines))


def _line(point: AmendmentPoint, known: _AtSite, earlier: ProtocolText) -> PointLine:
    return PointLine(
        in_language(point.title),
        in_language(point.aspect),
        point.kind,
        in_language(point.before) if point.before else "",
        in_language(point.after) if point.after else "",
        tuple(_touched(point, known, earlier)),
    )


def _touched(point: AmendmentPoint, known: _AtSite, earlier: ProtocolText) -> Iterator[Touched]:
    if _bears_on_eligibility(point, earlier):
        yield from known.touched(_("Signed decisions on eligibility that lapse"), known.decided)
        screened = {each.number for each in known.people if each.state == Track.SCREENED}
        yield from known.touched(_("In screening, still to be decided on"), screened - known.decided)
    if point.part == "treatment":
        due = (
            each.number for each in known.people if each.arm in point.arms and _is_on_treatment(each, earlier)
        )
        yield from known.touched(_("Doses still due"), due, tells_arm=len(point.arms) == 1)
    if point.part == "visit" and point.aspect != ASPECTS["name"]:
        yield from known.touched(_("Visits that move"), _with_this_visit(point, known))
    for form in _forms_reading(point):
        said = _("Form %(form)s in progress, which stays under version %(version)s")
        in_progress = known.in_progress.get(form, ())
        yield from known.touched(said % {"form": form, "version": earlier.version}, in_progress)


def _bears_on_eligibility(point: AmendmentPoint, earlier: ProtocolText) -> bool:
    if point.part == "fact":
        return any(each.code == point.code and each.topic == ELIGIBILITY_TOPIC for each in earlier.facts)
    return point.part == "criterion"


def _is_on_treatment(participant: Participant, text: ProtocolText) -> bool:
    """Say whether a day of treatment is still to come for the participant, and treatment has not ended."""
    if any(each.code == END_OF_TREATMENT and each.on for each in participant.milestones.all()):
        return False
    days = {rule.code for rule in text.visits if rule.series == TREATMENT_SERIES}
    return any(visit.code in days and visit.state in AWAITED for visit in participant.visits.all())


def _with_this_visit(point: AmendmentPoint, known: _AtSite) -> Iterator[str]:
    for impact in known.impacts:
        of_arm = impact.participant.arm is None or impact.participant.arm in point.arms
        if of_arm and any(change.code == point.code for change in impact.changes):
            yield impact.participant.number


def _forms_reading(point: AmendmentPoint) -> list[str]:
    """Return the forms whose checks or derived answers read what the point changes."""
    names = set(reads_of(point))
    return [code for code, form in catalogue.forms().items() if names & form.foreign_reads]


def amendment_pdf(site: Site, version: str, *, user: User, language: str, at: datetime) -> bytes:
    """Return the amendment on paper in ``language``, for the ethics committee of the site."""
    with translation.override(language):
        amendment = amendment_of(site, version, user=user, at=at)
        context = {"amendment": amendment, "language": language, "at": at}
        page = render_to_string("reports/pdf/amendment.html", context)
        return set_pages(page)
