from django.db import migrations

from audit import sql
from kernel.postgresql.scope_sql import ACCESS, DROP_ACCESS


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0006_schedules_stay"),
    ]

    operations = [
        migrations.RunSQL(ACCESS, DROP_ACCESS),
        migrations.RunSQL(sql.ACTORS, sql.DROP_ACTORS),
        migrations.RunSQL(sql.SCHEDULE_NOT_AHEAD, sql.SCHEDULE_MAY_BE_AHEAD),
    ]
