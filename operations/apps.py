from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "operations"

    def ready(self) -> None:
        """A task that the broker does not take is kept in our table; exports know the kinds of operations."""
        from exports.listed.system import KINDS_OF_OPERATIONS
        from kernel.tasks import keep_with
        from operations.models import OperationKind
        from operations.services import keep_unsent

        keep_with(keep_unsent)
        KINDS_OF_OPERATIONS.update(OperationKind.choices)
