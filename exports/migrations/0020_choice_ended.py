"""A saved export that is refused by now is stopped with a reason of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exports', '0019_leaving_of_tokens'),
    ]

    operations = [
        migrations.AlterField(
            model_name='export',
            name='failure',
            field=models.CharField(choices=[('refused', 'What was written was not what the database counted. Nothing was kept.'), ('not_written', 'The files could not be written on the server: its disk may be full. Tell whoever runs it, then take the export again.'), ('stopped', 'The worker was stopped several times while it wrote. Take the export again.'), ('fault', 'The program failed while it wrote. The fault is in the log of the server.'), ('right_ended', 'Who asked for it may not take these data any more.'), ('choice_ended', 'This saved export cannot be taken any more as it was saved. Save it anew.'), ('basis_ended', 'The data leave mainland China, and the registers hold no filing and basis in force for it.')], max_length=12, null=True, verbose_name='why it was stopped'),
        ),
        migrations.AlterField(
            model_name='exportevent',
            name='failure',
            field=models.CharField(choices=[('refused', 'What was written was not what the database counted. Nothing was kept.'), ('not_written', 'The files could not be written on the server: its disk may be full. Tell whoever runs it, then take the export again.'), ('stopped', 'The worker was stopped several times while it wrote. Take the export again.'), ('fault', 'The program failed while it wrote. The fault is in the log of the server.'), ('right_ended', 'Who asked for it may not take these data any more.'), ('choice_ended', 'This saved export cannot be taken any more as it was saved. Save it anew.'), ('basis_ended', 'The data leave mainland China, and the registers hold no filing and basis in force for it.')], max_length=12, null=True, verbose_name='why it was stopped'),
        ),
    ]
