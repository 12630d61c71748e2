"""Turns of minimization beside the list, and the switch that keeps it off (ADR 14)."""

from django.db import migrations

from randomization.allocation_list import minimization_schema


class Migration(migrations.Migration):
    dependencies = [("randomization", "0003_doors_planned_once")]

    operations = [migrations.RunSQL(minimization_schema.CREATE, minimization_schema.DROP)]
