from django.db import migrations, models

import audit.guards
from audit import sql


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL(sql.SEAL_GUARD, sql.DROP_SEAL_GUARD),
        migrations.CreateModel(
            name='Anchor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('occasion', models.CharField(choices=[('night', 'nightly'), ('cut', 'data cut'), ('lock', 'database lock'), ('export', 'export')], max_length=10, verbose_name='occasion')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
                ('last_act', models.BigIntegerField(verbose_name='last act')),
                ('acts', models.BigIntegerField(verbose_name='number of acts')),
                ('chain', models.CharField(max_length=64, verbose_name='chained digest')),
                ('findings', models.PositiveIntegerField(null=True, verbose_name='findings')),
                ('public_key', models.CharField(blank=True, max_length=64, verbose_name='public key')),
                ('signature', models.CharField(blank=True, max_length=128, verbose_name='signature')),
            ],
            options={
                'verbose_name': 'anchor',
                'ordering': ('-made_at', '-pk'),
            },
        ),
        migrations.AddField(
            model_name='seal',
            name='catalogue',
            field=models.CharField(max_length=64, null=True, verbose_name='digest of the guards'),
        ),
        migrations.AddField(
            model_name='seal',
            name='cluster',
            field=models.CharField(max_length=60, null=True, verbose_name='database'),
        ),
        migrations.AddField(
            model_name='seal',
            name='migrations',
            field=models.PositiveIntegerField(null=True, verbose_name='migrations'),
        ),
        migrations.AddConstraint(
            model_name='seal',
            constraint=audit.guards.NextSeal(name='audit_seal_next'),
        ),
        migrations.AddConstraint(
            model_name='anchor',
            constraint=audit.guards.AppendOnlyRows(name='audit_anchor_kept'),
        ),
    ]
