import audit.guards
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from audit import sql

# What the application role may do on tables that are not ours.
MAY_DELETE = (
    "django_session",
    "django_celery_beat_periodictask",
    "django_celery_beat_periodictasks",
    "django_celery_beat_intervalschedule",
    "django_celery_beat_crontabschedule",
    "django_celery_beat_clockedschedule",
    "django_celery_beat_solarschedule",
)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("sessions", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(sql.FUNCTIONS, sql.DROP_FUNCTIONS),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_act', models.BigIntegerField()),
                ('last_act', models.BigIntegerField(unique=True)),
                ('sealed_at', models.DateTimeField(verbose_name='sealed at')),
                ('leaves', models.JSONField()),
                ('root', models.CharField(max_length=64, verbose_name='root')),
                ('chain', models.CharField(max_length=64, verbose_name='chained digest')),
            ],
            options={
                'verbose_name': 'seal',
                'ordering': ('last_act',),
                'constraints': [audit.guards.AppendOnlyRows(name='audit_seal_kept')],
            },
        ),
        migrations.CreateModel(
            name='Act',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(max_length=80, verbose_name='act')),
                ('role', models.CharField(blank=True, max_length=40, verbose_name='role')),
                ('site_id', models.BigIntegerField(null=True, verbose_name='site')),
                ('participant_id', models.BigIntegerField(db_index=True, null=True, verbose_name='participant')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('stored_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='stored at')),
                ('transaction', models.BigIntegerField(db_default=0, editable=False)),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('request_id', models.CharField(blank=True, max_length=36)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acts', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('parent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='audit.act')),
            ],
            options={
                'verbose_name': 'act',
                'indexes': [models.Index(fields=['site_id', '-at'], name='audit_act_site_id_a8d783_idx'), models.Index(fields=['verb', '-at'], name='audit_act_verb_40230f_idx')],
            },
        ),
        migrations.RunSQL(sql.ACT_GUARDS, sql.DROP_ACT_GUARDS),
        migrations.RunSQL(sql.ACT_GIVES_REASON, sql.DROP_ACT_GIVES_REASON),
        migrations.RunSQL(
            f"GRANT DELETE ON {', '.join(MAY_DELETE)} TO palace3_app;"
            "REVOKE INSERT, UPDATE ON django_migrations FROM palace3_app;",
            f"REVOKE DELETE ON {', '.join(MAY_DELETE)} FROM palace3_app;"
            "GRANT INSERT, UPDATE ON django_migrations TO palace3_app;",
        ),
    ]
