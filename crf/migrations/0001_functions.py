"""What the guards of the forms' tables call. The tables themselves are in the next migration."""

from django.db import migrations

from crf.guards import DROP_FUNCTIONS, FUNCTIONS


class Migration(migrations.Migration):
    initial = True
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS)]
