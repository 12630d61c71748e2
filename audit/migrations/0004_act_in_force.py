"""An act is in force from the moment it is written: one question less on the way of every write."""

from django.db import migrations

STAMP = """
CREATE OR REPLACE FUNCTION audit_stamp_act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'audit_act: acts stay as they were written' USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.transaction := pg_current_xact_id()::text::bigint;
    NEW.stored_at := clock_timestamp();
    {in_force}
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [("audit", "0003_seal")]

    operations = [
        migrations.RunSQL(
            STAMP.format(in_force="PERFORM set_config('app.act', NEW.id::text, true);"),
            STAMP.format(in_force=""),
        ),
    ]
