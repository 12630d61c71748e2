"""An act is in force from the moment it is written: one question less on the way of every write."""

from django.db import migrations

from audit.sql import ACT_IN_FORCE, ACT_TOLD


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_numbers_not_chosen")]
    operations = [migrations.RunSQL(ACT_IN_FORCE, ACT_TOLD)]
