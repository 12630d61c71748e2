"""The list's own schema, its role's rights, and the functions that are its only doors."""

from django.db import migrations

from randomization.allocation_list import schema


class Migration(migrations.Migration):
    dependencies = [
        ("randomization", "0001_initial"),
        ("audit", "0001_initial"),
        ("trials", "0001_initial"),
    ]

    operations = [migrations.RunSQL(schema.CREATE, schema.DROP)]
