"""How the database counts expected forms: each statement that changes them adds what it changed."""

from __future__ import annotations

# Days are counted for forms with a record of their own; more than a year is a year.
_COUNTED = """
    SELECT r.site_id, r.visit_code, r.form_code, date_trunc('month', r.took_place_on)::date AS month,
        CASE WHEN r.is_waived AND r.state IN ('empty', 'in_progress') THEN 'waived' ELSE r.state END AS state,
        CASE WHEN r.filled_by = 'visit' AND r.entered_at IS NOT NULL THEN
            least(greatest((r.entered_at AT TIME ZONE s.time_zone)::date - r.took_place_on, 0), 366) END AS days,
        r.n
    FROM ({rows}) r JOIN trials_site s ON s.id = r.site_id"""
_CELLS = """
    INSERT INTO crf_cellcount (site_id, visit_code, form_code, state, number)
    SELECT site_id, visit_code, form_code, state, sum(n) FROM ({counted}) c
    GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0;"""
_MONTHS = """
    INSERT INTO crf_monthcount (site_id, month, state, days, number)
    SELECT site_id, month, state, days, sum(n) FROM ({counted}) c GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0;"""
_COLUMNS = "site_id, visit_code, form_code, took_place_on, is_waived, state, filled_by, entered_at"
_AFTER, _BEFORE = f"SELECT {_COLUMNS}, 1 AS n FROM after", f"SELECT {_COLUMNS}, -1 AS n FROM before"  # noqa: S608
_CHANGES = {
    "insert": (_AFTER, "REFERENCING NEW TABLE AS after"),
    "update": (f"{_AFTER} UNION ALL {_BEFORE}", "REFERENCING OLD TABLE AS before NEW TABLE AS after"),
    "delete": (_BEFORE, "REFERENCING OLD TABLE AS before"),
}


def _added(rows: str) -> str:
    counted = _COUNTED.format(rows=rows)
    return _CELLS.format(counted=counted) + _MONTHS.format(counted=counted)


def _trigger(event: str, rows: str, tables: str) -> str:
    return f"""
CREATE FUNCTION crf_count_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN {_added(rows)}
    RETURN NULL;
END $$;
CREATE TRIGGER counted_{event} AFTER {event.upper()} ON crf_expectedform {tables}
FOR EACH STATEMENT EXECUTE FUNCTION crf_count_{event}();
"""


# One statement reads one moment: what others change meanwhile adds rows that are not deleted here.
_ALL = _COUNTED.format(rows=f"SELECT {_COLUMNS}, 1 AS n FROM crf_expectedform")  # noqa: S608
_RECOUNT = f"""
CREATE FUNCTION crf_recount() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH gone AS (DELETE FROM crf_cellcount) {_CELLS.format(counted=_ALL)}
    WITH gone AS (DELETE FROM crf_monthcount) {_MONTHS.format(counted=_ALL)}
END $$;
"""  # noqa: S608

COUNTING = "".join(_trigger(event, *told) for event, told in _CHANGES.items()) + _RECOUNT
DROP_COUNTING = (
    "".join(
        f"DROP TRIGGER counted_{event} ON crf_expectedform; DROP FUNCTION crf_count_{event}();"
        for event in _CHANGES
    )
    + "DROP FUNCTION crf_recount();"
)
