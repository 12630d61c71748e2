from django.db import migrations

from audit.sql import DROP_NAMED_ACTS, NAMED_ACTS
from kernel.postgresql.scope_sql import ALLOCATOR_TOO, DROP_FUNCTIONS, FUNCTIONS


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_trail_reviews'),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(ALLOCATOR_TOO, migrations.RunSQL.noop),
        migrations.RunSQL(NAMED_ACTS, DROP_NAMED_ACTS),
    ]
