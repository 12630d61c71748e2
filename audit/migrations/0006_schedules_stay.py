from django.db import migrations

from audit import sql


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0005_act_release"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunSQL(sql.SCHEDULE_GUARD, sql.DROP_SCHEDULE_GUARD)]
