from django.apps import AppConfig


class CrfConfig(AppConfig):
    name = "crf"

    def ready(self) -> None:
        """What any act moves that forms read is judged again by the one package that knows the forms (ADR 22)."""
        from audit.acts import judge_with
        from crf.records.consequences import follow_moved

        judge_with(follow_moved)
