"""Vital status: how old the last news of each participant is, and who is known at month 36 (protocol 6.1, 6.7)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crf import catalogue
from followup.visit_conduct import ContactMode, ContactResult
from protocol.text import load
from reports.plots import shares
from reports.quality import Report, Table, added, share
from trials.models import Site

# One row per randomized participant: when the last news is from. A visit, a contact that reached the participant
# and a form of survival or follow-up that says "alive" are news; a visit whose form answers that question is news by
# that answer alone, for it may be that nobody knew. Whoever died is known for good. Where the day of a death is not
# known, month 36 is known if every possible day says the same of it (decision D4).
NEWS = """
WITH person AS (
    SELECT p.id, s.code AS site, rand.on AS randomized_on,
           (rand.on + interval '36 months')::date AS month_36,
           death.id AS died,
           coalesce(death.earliest, death.on) AS died_from,
           coalesce(death.latest, death.on) AS died_by,
           {last_news} AS alive_on
    FROM trials_participant p
    JOIN trials_site s ON s.id = p.site_id
    JOIN trials_milestone rand ON rand.participant_id = p.id AND rand.code = 'RAND' AND rand.on IS NOT NULL
    LEFT JOIN trials_milestone death ON death.participant_id = p.id AND death.code = 'DEATH'
         AND coalesce(death.on, death.earliest) IS NOT NULL
    WHERE p.arm IS NOT NULL AND p.site_id = ANY (%(sites)s)
)
SELECT site, count(*), count(died),
       count(*) FILTER (WHERE died IS NULL AND %(today)s - alive_on <= 90),
       count(*) FILTER (WHERE died IS NULL AND %(today)s - alive_on BETWEEN 91 AND 180),
       count(*) FILTER (WHERE died IS NULL AND %(today)s - alive_on BETWEEN 181 AND 365),
       count(*) FILTER (WHERE died IS NULL AND %(today)s - alive_on > 365),
       count(*) FILTER (WHERE month_36 <= %(today)s),
       count(*) FILTER (
           WHERE month_36 <= %(today)s AND (died_by <= month_36 OR died_from > month_36 OR alive_on >= month_36)
       )
FROM person GROUP BY site ORDER BY site
"""
# Of a participant ``p`` who was randomized by the milestone ``rand``.
LAST_NEWS = """greatest(
               rand.on,
               (SELECT max(v.took_place_on) FROM followup_visit v
                 WHERE v.participant_id = p.id AND NOT v.forms && string_to_array('{saying}', ',')::varchar[]
                   AND v.contact_mode IS DISTINCT FROM '{nobody_met}'),
               (SELECT max(c.on) FROM followup_contactattempt c
                 WHERE c.participant_id = p.id AND c.cancelled_at IS NULL AND c.result = '{reached}'),
               (SELECT max(a.status_dt) FROM crf_record r JOIN {survival} a ON a.id = r.id
                 WHERE r.participant_id = p.id AND r.state <> 'empty' AND a.vital = 'alive'),
               (SELECT max(a.fu_dt) FROM crf_record r JOIN {follow_up} a ON a.id = r.id
                 WHERE r.participant_id = p.id AND r.state <> 'empty' AND a.alive = 'Y')
           )"""
TARGET = "vital_status_known_target_percent"


def last_news() -> str:
    """Return the SQL of the day of the last news of a participant ``p``, randomized by the milestone ``rand``."""
    return LAST_NEWS.format(
        saying=",".join(catalogue.saying_alive()),
        nobody_met=ContactMode.RECORDS.value,
        reached=ContactResult.REACHED.value,
        survival=catalogue.form("SURV").model._meta.db_table,
        follow_up=catalogue.form("FU").model._meta.db_table,
    )


def _counted(sites: QuerySet[Site], today: date) -> list[tuple[Any, ...]]:
    keys = list(sites.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(NEWS.format(last_news=last_news()), {"sites": keys, "today": today})
        return [tuple(row) for row in cursor.fetchall()]


def vital_status(sites: QuerySet[Site], *, today: date) -> Report:
    """Return the report: the age of the last news by site, and the share known at month 36."""
    rows = _counted(sites, today)
    target = load(settings.PROTOCOL_VERSION).setting(TARGET)
    aim = target if isinstance(target, int) else None
    known = [(row[0], row[8], row[7]) for row in rows]
    return Report(
        slug="vital-status",
        title=_("Vital status"),
        counts=_(
            "Every randomized participant counts, whatever became of the treatment. News is a visit that took place, a "
            "contact that reached the participant, or a form that says alive. A visit that asks for vital status is "
            "news once its form says alive or dead."
        ),
        nothing=_("Nobody is randomized yet"),
        tables=(_ages(rows), _month_36(known, aim)) if rows else (),
        chart=shares(known, title=_("Share known at month 36, by site"), target=aim),
        notes=(_("Nobody has reached month 36 yet."),) if rows and not any(row[7] for row in rows) else (),
    )


def _ages(rows: list[tuple[Any, ...]]) -> Table:
    columns = (
        *(_("Site"), _("Randomized"), _("Died"), _("News within 90 days"), _("91 to 180 days")),
        *(_("181 to 365 days"), _("Older than a year")),
    )
    shown = tuple(row[:7] for row in rows)
    total = added(_("All sites"), [row[1:7] for row in rows])
    return Table(_("Age of the last news"), columns, shown, total, slug="age")


def _month_36(known: list[tuple[Any, ...]], aim: int | None) -> Table:
    columns = (_("Site"), _("Month 36 has passed"), _("Status known at month 36"), _("Share"))
    shown = tuple((site, due, part, share(part, due)) for site, part, due in known)
    due, part = sum(row[2] for row in known), sum(row[1] for row in known)
    title = _("Known at month 36")
    if aim is not None:
        title = _("Known at month 36 (target: at least %(percent)s %%)") % {"percent": aim}
    return Table(title, columns, shown, (_("All sites"), due, part, share(part, due)), slug="month-36")
