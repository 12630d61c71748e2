"""A row keeps its number, and an act takes the next one."""

from django.db import migrations

from audit.sql import NUMBERS_AS_GIVEN, NUMBERS_NOT_CHOSEN


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_seal")]
    operations = [migrations.RunSQL(NUMBERS_NOT_CHOSEN, NUMBERS_AS_GIVEN)]
