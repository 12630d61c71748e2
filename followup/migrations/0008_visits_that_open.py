"""Awaited visits by the day their window opens: what a site's work list asks for first."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_seal'),
        ('followup', '0007_quick_lists'),
        ('trials', '0008_protocol_versions'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='visit',
            index=models.Index(condition=models.Q(('state__in', ('planned', 'open', 'due', 'overdue'))), fields=['site', 'opens'], name='followup_visit_opening'),
        ),
    ]
