"""The public page gives the telephone of each centre."""

from django.db import migrations

HEAD = """
DROP FUNCTION trials_public_sites(date, varchar[]);
CREATE FUNCTION trials_public_sites(on_day date, roles varchar[])
RETURNS TABLE (
    code varchar, name varchar, name_zh varchar, city varchar, city_zh varchar, state varchar, time_zone varchar,
    latitude numeric, longitude numeric, languages_spoken varchar, office_hours varchar, {column}is_answered boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    held text := coalesce(current_setting('app.sites', true), '');
BEGIN
    PERFORM set_config('app.sites', '*', true);
    RETURN QUERY
        SELECT s.code, s.name, s.name_zh, s.city, s.city_zh, s.state, s.time_zone,
               s.latitude, s.longitude, s.languages_spoken, s.office_hours, {value}
               EXISTS (
                   SELECT 1 FROM public.trials_delegation AS d JOIN public.accounts_user AS u ON u.id = d.user_id
                   WHERE d.site_id = s.id AND d.role = ANY (roles) AND u.is_active AND d.starts_on <= on_day
                     AND (d.ends_on IS NULL OR d.ends_on > on_day OR (d.ends_on = on_day AND d.ended_at IS NULL))
                     AND d.waits_for_confirmation IS NOT TRUE
               )
        FROM public.trials_site AS s
        ORDER BY s.code;
    PERFORM set_config('app.sites', held, true);
END $$;
"""
WITH_TELEPHONE = HEAD.format(column="telephone varchar, ", value="coalesce(s.telephone, '')::varchar,")
WITHOUT = HEAD.format(column="", value="")


class Migration(migrations.Migration):
    dependencies = [("trials", "0033_site_documents")]
    operations = [migrations.RunSQL(WITH_TELEPHONE, WITHOUT)]
