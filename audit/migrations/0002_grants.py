"""What the application role may do on tables that are not ours."""

from django.db import migrations

MAY_DELETE = (
    "django_session",
    "django_celery_beat_periodictask",
    "django_celery_beat_periodictasks",
    "django_celery_beat_intervalschedule",
    "django_celery_beat_crontabschedule",
    "django_celery_beat_clockedschedule",
    "django_celery_beat_solarschedule",
)


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_initial"),
        ("sessions", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        migrations.RunSQL(
            f"GRANT DELETE ON {', '.join(MAY_DELETE)} TO palace3_app;"
            "REVOKE INSERT, UPDATE ON django_migrations FROM palace3_app;",
            f"REVOKE DELETE ON {', '.join(MAY_DELETE)} FROM palace3_app;"
            "GRANT INSERT, UPDATE ON django_migrations TO palace3_app;",
        )
    ]
