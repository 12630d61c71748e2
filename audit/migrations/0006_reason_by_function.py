"""Whether an act gives a reason is asked of one function."""

from django.db import migrations

from audit.sql import REASON_BY_FUNCTION, REASON_OF_THE_ACT_ALONE


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_act_in_force")]
    operations = [migrations.RunSQL(REASON_BY_FUNCTION, REASON_OF_THE_ACT_ALONE)]
