"""The project as a Django app: its commands, and the Celery application in every process."""

from django.apps import AppConfig


class Palace3Config(AppConfig):
    name = "palace3"
    verbose_name = "PALACE-3"

    def ready(self) -> None:
        """Tasks sent from any process go to our broker."""
        from palace3 import celery  # noqa: F401  (importing it makes it Celery's current application)
