"""The project as a Django app: its commands, the protocol text, and the Celery application in every process."""

from django.apps import AppConfig
from django.conf import settings


class Palace3Config(AppConfig):
    name = "palace3"
    verbose_name = "PALACE-3"

    def ready(self) -> None:
        """The protocol in force is whole, or nothing starts; tasks sent from any process go to our broker."""
        from palace3.protocol.text import load

        load(settings.PROTOCOL_VERSION)
        from palace3 import celery  # noqa: F401  (importing it makes it Celery's current application)
