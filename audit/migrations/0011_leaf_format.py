from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0010_policies_by_statement"),
    ]

    operations = [
        migrations.AddField(
            model_name="seal",
            name="leaf_format",
            field=models.JSONField(null=True),
        ),
    ]
