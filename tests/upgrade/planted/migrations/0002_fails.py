"""Fails, after the first one was committed."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("planted", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL("SELECT 1 / 0")]
