from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('followup', '0013_proven_access'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='visit',
            name='followup_visit_how',
        ),
        migrations.AddIndex(
            model_name='visit',
            index=models.Index(condition=models.Q(('contact_mode__isnull', True), ('state', 'done'), models.Q(('forms', []), _negated=True)), fields=['site', 'took_place_on'], name='followup_visit_how'),
        ),
    ]
