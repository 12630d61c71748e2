import crf.guards
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("crf", "0078_worked_out")]

    operations = [migrations.RunSQL(crf.guards.CENTRAL_UNDER_A_FREEZE, migrations.RunSQL.noop)]
