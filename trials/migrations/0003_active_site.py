from django.db import migrations

from trials.guards import DROP_FUNCTIONS, FUNCTIONS


class Migration(migrations.Migration):

    dependencies = [
        ('trials', '0002_withdrawn_before_randomization'),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
    ]
