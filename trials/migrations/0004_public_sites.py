"""What anybody may know of a site: a function that answers with these columns and nothing else (ADR 16)."""

from django.db import migrations

CREATE = """
CREATE FUNCTION trials_public_sites()
RETURNS TABLE (
    code varchar, name varchar, name_zh varchar, city varchar, city_zh varchar, state varchar, time_zone varchar,
    latitude numeric, longitude numeric, languages_spoken varchar, office_hours varchar
)
LANGUAGE plpgsql SECURITY INVOKER
AS $$
DECLARE
    held text := coalesce(current_setting('app.sites', true), '');
BEGIN
    PERFORM set_config('app.sites', '*', true);
    RETURN QUERY
        SELECT s.code, s.name, s.name_zh, s.city, s.city_zh, s.state, s.time_zone,
               s.latitude, s.longitude, s.languages_spoken, s.office_hours
        FROM public.trials_site AS s
        ORDER BY s.code;
    PERFORM set_config('app.sites', held, true);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("trials", "0003_public_texts")]

    operations = [migrations.RunSQL(CREATE, "DROP FUNCTION trials_public_sites();")]
