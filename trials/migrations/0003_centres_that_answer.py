from __future__ import annotations

from django.db import migrations

# What anybody may know of a site, and whether somebody in one of the roles answers there on the day (ADR 16).
ANSWERED_SITES = """
CREATE FUNCTION trials_public_sites(on_day date, roles varchar[])
RETURNS TABLE (
    code varchar, name varchar, name_zh varchar, city varchar, city_zh varchar, state varchar, time_zone varchar,
    latitude numeric, longitude numeric, languages_spoken varchar, office_hours varchar, is_answered boolean
)
LANGUAGE plpgsql SECURITY INVOKER
AS $$
DECLARE
    held text := coalesce(current_setting('app.sites', true), '');
BEGIN
    PERFORM set_config('app.sites', '*', true);
    RETURN QUERY
        SELECT s.code, s.name, s.name_zh, s.city, s.city_zh, s.state, s.time_zone,
               s.latitude, s.longitude, s.languages_spoken, s.office_hours,
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
DROP FUNCTION trials_public_sites();
"""
SITES_ALONE = """
DROP FUNCTION trials_public_sites(date, varchar[]);
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
    dependencies = [("trials", "0002_roles_of_two_people")]
    operations = [migrations.RunSQL(ANSWERED_SITES, SITES_ALONE)]
