"""What is counted at each site: one query an indicator, whatever the number of participants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from crf import catalogue
from followup.adherence import adherence_of
from followup.models import Visit
from reports.vital_status import last_news
from trials.models import Site

NEWS_DAYS: Final = 180
Counts = Mapping[int, tuple[int, Decimal]]
BEGUN = "r.state <> 'empty'"

LATE_ENTRY = """
SELECT e.site_id,
       count(*) FILTER (WHERE e.entered_at IS NULL OR (e.entered_at AT TIME ZONE s.time_zone)::date > e.due_on),
       count(*)
FROM crf_expectedform e JOIN trials_site s ON s.id = e.site_id
WHERE NOT e.is_waived AND (e.entered_at IS NOT NULL OR e.due_on < %(today)s) GROUP BY 1
"""
QUERY_RATE = f"""
SELECT r.site_id, coalesce(max(q.number), 0), count(*) FROM crf_record r
LEFT JOIN (SELECT site_id, count(*) AS number FROM crf_query GROUP BY 1) q ON q.site_id = r.site_id
WHERE {BEGUN} GROUP BY 1
"""
YEARS = """
SELECT p.site_id, sum(greatest(0, least(%(today)s, coalesce(died.on, ended.on, %(today)s)) - m.on)) / 365.25 AS years,
       count(*) AS randomized
FROM trials_participant p JOIN trials_milestone m ON m.participant_id = p.id AND m.code = 'RAND' AND m.on IS NOT NULL
LEFT JOIN trials_milestone died ON died.participant_id = p.id AND died.code = 'DEATH'
LEFT JOIN trials_milestone ended ON ended.participant_id = p.id AND ended.code = 'EOS'
WHERE p.arm IS NOT NULL GROUP BY 1
"""
RECORDS_BY = f"""
SELECT y.site_id, coalesce(n.number, 0), y.{{exposure}} FROM ({YEARS}) y LEFT JOIN (
    SELECT r.site_id, count(*) AS number FROM crf_record r JOIN {{table}} f ON f.id = r.id
    JOIN trials_participant p ON p.id = r.participant_id
    WHERE {BEGUN} AND r.form_code = '{{form}}' AND p.arm IS NOT NULL AND {{which}} GROUP BY 1
) n ON n.site_id = y.site_id
"""
PRESSURES = f"""
SELECT r.site_id, count(*) FILTER (WHERE b.value %% 5 = 0), count(*)
FROM crf_record r JOIN {{table}} f ON f.id = r.id CROSS JOIN LATERAL (VALUES (f.sbp), (f.dbp)) AS b(value)
WHERE {BEGUN} AND b.value IS NOT NULL GROUP BY 1
"""
ALIKE = f"""
WITH measured AS (
    SELECT r.site_id, r.participant_id, f.sbp, f.dbp, f.hr, f.temp FROM crf_record r JOIN {{table}} f ON f.id = r.id
    WHERE {BEGUN} AND f.sbp IS NOT NULL AND f.dbp IS NOT NULL AND f.hr IS NOT NULL AND f.temp IS NOT NULL
), persons AS (
    SELECT site_id, participant_id, sbp, dbp, hr, temp, count(*) AS n FROM measured GROUP BY 1, 2, 3, 4, 5, 6
), same AS (
    SELECT site_id, (sum(n) * sum(n) - sum(n * n)) / 2 AS pairs FROM persons GROUP BY site_id, sbp, dbp, hr, temp
), every AS (
    SELECT site_id, (sum(n) * sum(n) - sum(n * n)) / 2 AS pairs
    FROM (SELECT site_id, participant_id, count(*) AS n FROM measured GROUP BY 1, 2) each GROUP BY 1
)
SELECT e.site_id, (SELECT sum(s.pairs)::bigint FROM same s WHERE s.site_id = e.site_id), e.pairs FROM every e
"""
ODD_HOURS = """
SELECT a.site_id, count(*) FILTER (WHERE extract(hour FROM a.at AT TIME ZONE s.time_zone) NOT BETWEEN 6 AND 21),
       count(*)
FROM audit_act a JOIN trials_site s ON s.id = a.site_id
WHERE a.verb = 'crf:answers:save' AND a.role IN ('coordinator', 'investigator') GROUP BY 1
"""
VITAL_STATUS = """
SELECT p.site_id, count(*) FILTER (WHERE died.id IS NOT NULL OR %(today)s - {last_news} <= %(news)s), count(*)
FROM trials_participant p
JOIN trials_milestone rand ON rand.participant_id = p.id AND rand.code = 'RAND' AND rand.on IS NOT NULL
LEFT JOIN trials_milestone died ON died.participant_id = p.id AND died.code = 'DEATH'
     AND coalesce(died.on, died.earliest) IS NOT NULL
WHERE p.arm IS NOT NULL GROUP BY 1
"""


def counts_of(code: str, *, today: date) -> Counts:
    """Return what one indicator counts at every site, by the site's key; sites without an exposure are left out."""
    rows = READERS[code](today)
    return {site: (int(count or 0), _exact(exposure)) for site, count, exposure in rows if exposure}


def _exact(exposure: Any) -> Decimal:
    return Decimal(str(exposure)).quantize(Decimal("0.01"))


def _asked(sql: str, today: date) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"today": today, "news": NEWS_DAYS})
        return cursor.fetchall()


def _table(form: str) -> str:
    return str(catalogue.form(form).model._meta.db_table)


def _records(form: str, *, exposure: str = "years", which: str = "true") -> str:
    return RECORDS_BY.format(table=_table(form), form=form, exposure=exposure, which=which)


def _visits() -> list[tuple[Any, ...]]:
    sites = dict(Site.objects.values_list("code", "pk"))
    kept = adherence_of(Visit.objects.all()).by_site
    return [(sites[each.label], each.inside, each.asked) for each in kept]


READERS: Final[Mapping[str, Callable[[date], list[tuple[Any, ...]]]]] = {
    "late-entry": lambda today: _asked(LATE_ENTRY, today),
    "query-rate": lambda today: _asked(QUERY_RATE, today),
    "adverse-events": lambda today: _asked(_records("AE"), today),
    "deviations": lambda today: _asked(_records("DV"), today),
    "visit-adherence": lambda _today: _visits(),
    "digit-preference": lambda today: _asked(PRESSURES.format(table=_table("VS")), today),
    "alike-values": lambda today: _asked(ALIKE.format(table=_table("VS")), today),
    "odd-hours": lambda today: _asked(ODD_HOURS, today),
    "vital-status": lambda today: _asked(VITAL_STATUS.format(last_news=last_news()), today),
    "eligibility-deviations": lambda today: _asked(
        _records("DV", exposure="randomized", which="f.dv_cat = 'eligibility'"), today
    ),
}
