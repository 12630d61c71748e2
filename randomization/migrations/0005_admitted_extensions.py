"""More places are stored only after the owner of the database has admitted them."""

from django.db import migrations

from randomization.allocation_list import admission


class Migration(migrations.Migration):
    dependencies = [("randomization", "0004_minimization_switched_off")]

    operations = [migrations.RunSQL(admission.CREATE, admission.DROP)]
