from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        """Findings stand on the work lists of those who own them."""
        from monitoring.work_list import FINDINGS
        from reports.worklist.sections import stands_on_work_lists

        stands_on_work_lists(FINDINGS)
