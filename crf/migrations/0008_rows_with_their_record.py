"""A row of a group stays with its record, and is of the record's site."""

from django.db import migrations

from crf.guards import ROWS_BY_THEMSELVES, ROWS_WITH_THEIR_RECORD


class Migration(migrations.Migration):
    dependencies = [("crf", "0007_quick_lists")]
    operations = [migrations.RunSQL(ROWS_WITH_THEIR_RECORD, ROWS_BY_THEMSELVES)]
