"""The project as a Django app: its commands, the protocol text, and the Celery application in every process."""

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import autodiscover_modules


class Palace3Config(AppConfig):
    name = "palace3"
    verbose_name = "PALACE-3"

    def ready(self) -> None:
        """Every version of the protocol is whole, or nothing starts; any process knows every task and our broker."""
        from kernel.row_keys import register_row_keys
        from protocol.text import load, read_from

        read_from(Path(settings.PROTOCOL_FOLDER))
        load(settings.PROTOCOL_VERSION)
        register_row_keys()
        from palace3 import celery  # noqa: F401  (importing it makes it Celery's current application)

        autodiscover_modules("tasks")
