from django.db import migrations

from trials.guards import DROP_FUNCTIONS, FUNCTIONS


class Migration(migrations.Migration):

    dependencies = [
        ('trials', '0004_public_sites'),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
    ]
