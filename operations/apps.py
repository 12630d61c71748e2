from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "operations"

    def ready(self) -> None:
        """A task that the broker does not take is kept in our table."""
        from kernel.tasks import keep_with
        from operations.services import keep_unsent

        keep_with(keep_unsent)
