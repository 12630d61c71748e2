"""Guards of this app's own tables; see ``audit.guards`` for how they reach the database."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.guards import _OWN, _VISIBLE, BY_SYSTEM, EVERY_SITE, ActGuard, DatabaseGuard, SameSite, SiteScoped
from kernel.postgresql.roles import OWNER

# Policies hide records of other sites from the functions as well: what they do not find, they refuse.
# A record is held while its answers are written: nobody locks it in between.
FUNCTIONS = """
CREATE FUNCTION crf_guard_row_lock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held text;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.record_id <> OLD.record_id THEN
        RAISE EXCEPTION '%: a row stays with its record', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT state INTO held FROM crf_record WHERE id = NEW.record_id AND site_id = NEW.site_id FOR SHARE;
    IF held IS NULL THEN
        RAISE EXCEPTION '%: a row is of its record''s site', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF held = 'locked' THEN
        RAISE EXCEPTION '%: the record is locked', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION crf_guard_answers_lock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held text;
BEGIN
    SELECT state INTO held FROM crf_record WHERE id = NEW.id AND site_id = NEW.site_id FOR SHARE;
    IF held IS NULL THEN
        RAISE EXCEPTION '%: answers are of their record''s site', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF held = 'locked' THEN
        RAISE EXCEPTION '%: the record is locked', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION crf_guard_row_lock, crf_guard_answers_lock;"

# A locked record moves along with its participant as it is: the transfer changes its site alone (ADR 34).
LOCKS_LET_MOVE = FUNCTIONS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "IF held = 'locked' THEN",
    "IF held = 'locked' AND NOT (TG_OP = 'UPDATE' AND trials_moved_only(to_jsonb(OLD), to_jsonb(NEW))) THEN",
)

# Answers and rows stay under a freeze or a lock of their form, visit, participant or site, or of the study (ADR 36).
DATA_LOCKS = """
CREATE OR REPLACE FUNCTION crf_guard_row_lock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held crf_record;
    lock jsonb;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.record_id <> OLD.record_id THEN
        RAISE EXCEPTION '%: a row stays with its record', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO held FROM crf_record WHERE id = NEW.record_id AND site_id = NEW.site_id FOR SHARE;
    IF held.id IS NULL THEN
        RAISE EXCEPTION '%: a row is of its record''s site', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'UPDATE' AND trials_moved_only(to_jsonb(OLD), to_jsonb(NEW)) THEN
        RETURN NEW;
    END IF;
    IF held.state = 'locked' THEN
        RAISE EXCEPTION '%: the record is locked', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    lock := trials_lock_over(held.site_id, held.participant_id, held.visit_id, held.id);
    IF lock IS NOT NULL THEN
        PERFORM trials_refuse_locked(TG_TABLE_NAME, lock);
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION crf_guard_answers_lock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held crf_record;
    lock jsonb;
BEGIN
    SELECT * INTO held FROM crf_record WHERE id = NEW.id AND site_id = NEW.site_id FOR SHARE;
    IF held.id IS NULL THEN
        RAISE EXCEPTION '%: answers are of their record''s site', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'UPDATE' AND trials_moved_only(to_jsonb(OLD), to_jsonb(NEW)) THEN
        RETURN NEW;
    END IF;
    IF held.state = 'locked' THEN
        RAISE EXCEPTION '%: the record is locked', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    lock := trials_lock_over(held.site_id, held.participant_id, held.visit_id, held.id);
    IF lock IS NOT NULL THEN
        PERFORM trials_refuse_locked(TG_TABLE_NAME, lock);
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION audit_guard_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM audit_act WHERE id = NEW.act_id AND verb IN ('crf:record:unlock', 'crf:data:unlock')
    ) AND NOT trials_moved_only(to_jsonb(OLD), to_jsonb(NEW)) THEN
        RAISE EXCEPTION '%: the record is locked', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""

# What follows from a central decision: a freeze stops nobody who decides centrally (ADR 36).
JUDGED_CENTRALLY = {
    "crf_deviation": ("calc_dv_imp", "calc_dv_pp"),
    "crf_seriousevent": (
        "calc_sae_rel_spo",
        "calc_sae_exp",
        "calc_sae_susar_calc",
        "calc_sae_susar",
        "calc_sae_auth",
    ),
}
_CENTRAL = " ".join(
    f"WHEN '{table}' THEN ARRAY[{', '.join(map(repr, columns))}]"
    for table, columns in JUDGED_CENTRALLY.items()
)
# Under a freeze, answers change where a central decision says so, and nowhere else.
_ANSWERS_LOCK = "CREATE OR REPLACE FUNCTION crf_guard_answers_lock()"
_OF_ANSWERS = _ANSWERS_LOCK + DATA_LOCKS.partition(_ANSWERS_LOCK)[2].partition("END $$;")[0] + "END $$;"
CENTRAL_UNDER_A_FREEZE = (
    "\n"
    + _OF_ANSWERS.replace(
        "    lock jsonb;\n",
        "    lock jsonb;\n"
        f"    central text[] := CASE TG_TABLE_NAME {_CENTRAL} ELSE '{{}}' END || ARRAY['act_id'];\n",
    ).replace(
        "    IF lock IS NOT NULL THEN\n",
        "    IF lock IS NOT NULL AND NOT (\n"
        "        TG_OP = 'UPDATE' AND lock ->> 'kind' = 'frozen' "
        "AND to_jsonb(NEW) - central = to_jsonb(OLD) - central\n"
        "        AND to_jsonb(NEW) - 'act_id' <> to_jsonb(OLD) - 'act_id'\n"
        "    ) THEN\n",
    )
    + "\n"
)

# A save gives its reason for all answers on the act, and reasons of single answers as rows.
REASONS_AS_ROWS = """
CREATE OR REPLACE FUNCTION audit_act_gives_reason(act bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM audit_act WHERE id = act AND btrim(reason) <> '')
        OR EXISTS (SELECT 1 FROM crf_changereason WHERE act_id = act)
$$;
"""

# The day the work is done on (kernel.scope), as for every other right: CURRENT_DATE is a second clock, in UTC.
_DAY = "(SELECT nullif(current_setting('app.day', true), '')::date)"
_INSPECTS = (
    "SELECT 1 FROM trials_delegation d WHERE d.role = 'inspector' AND {own} "
    "AND d.starts_on <= {day} AND (d.ends_on IS NULL OR d.ends_on >= {day})"
)


def frozen_rows(model: str) -> tuple[models.BaseConstraint, ...]:
    """Return the guards of a table whose rows stay as they were written."""
    return (
        ActGuard(name=f"crf_{model}_act", frozen=True),
        SiteScoped(name=f"crf_{model}_scope"),
        SameSite(name=f"crf_{model}_same_site"),
    )


class RowLock(DatabaseGuard):
    """The rows of a repeating group are as locked as the record they belong to, and of its site."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER row_lock BEFORE INSERT OR UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION crf_guard_row_lock();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER row_lock ON {table};"


class AnswersLock(DatabaseGuard):
    """Answers are as locked as their record, and of its site."""

    def statements(self, table: str) -> str:
        return (
            f"CREATE TRIGGER lock_guard BEFORE INSERT OR UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION crf_guard_answers_lock();"
        )

    def removal(self, table: str) -> str:
        return f"DROP TRIGGER lock_guard ON {table};"


class VerificationFollows(DatabaseGuard):
    """The verification of an answer falls when it changes, and what is left to verify is kept (ADR 37)."""

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        link = model._meta.get_field("record").remote_field.related_name
        group = "" if link == "+" else link
        return "".join(
            f"CREATE TRIGGER verification_{event} AFTER {event.upper()} ON {table} REFERENCING {tables} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION crf_verification_follows('{group}');"
            for event, tables in {
                "insert": "NEW TABLE AS after",
                "update": "OLD TABLE AS before NEW TABLE AS after",
            }.items()
        )

    def removal(self, table: str) -> str:
        return "".join(f"DROP TRIGGER verification_{event} ON {table};" for event in ("insert", "update"))


class OwnerScoped(SiteScoped):
    """Rows belong to one person: nobody else sees them, and the owner only while the site is theirs."""

    def statements(self, table: str) -> str:
        mine = f"{_OWN.format(column='owner_id')} AND {_VISIBLE.format(column=self.column)}"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING ({mine}) WITH CHECK ({mine});"
        )


class OwnersNotes(SiteScoped):
    """Rows belong to one person; an inspector may read them all, and the system seals them."""

    def statements(self, table: str) -> str:
        mine = f"{_OWN.format(column='owner_id')} AND {_VISIBLE.format(column=self.column)}"
        inspector = f"EXISTS ({_INSPECTS.format(own=_OWN.format(column='d.user_id'), day=_DAY)})"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY site_scope ON {table} USING (({mine}) OR {inspector} OR {BY_SYSTEM}) WITH CHECK ({mine});"
        )


class MovesAlong(SiteScoped):
    """Rows of one person move with their participant: the owner of the tables sees them where a transfer is confirmed.

    The application's role is none of this policy's; the owner's comes into force in ``trials_move_participant`` alone.
    """

    def statements(self, table: str) -> str:
        return (
            f"CREATE POLICY moves_along ON {table} TO {OWNER} USING ({EVERY_SITE}) WITH CHECK ({EVERY_SITE});"
        )

    def removal(self, table: str) -> str:
        return f"DROP POLICY moves_along ON {table};"


class SiteOfParticipant(DatabaseGuard):
    """A row's site is its participant's site, and moves with it: for rows that can be worked out anew, under no act."""

    def statements(self, table: str) -> str:
        return (
            "CREATE UNIQUE INDEX IF NOT EXISTS trials_participant_at_site ON trials_participant (id, site_id);"
            f"ALTER TABLE {table} ADD CONSTRAINT site_of_participant FOREIGN KEY (participant_id, site_id) "
            "REFERENCES trials_participant (id, site_id) ON UPDATE CASCADE;"
        )

    def removal(self, table: str) -> str:
        return f"ALTER TABLE {table} DROP CONSTRAINT site_of_participant;"
