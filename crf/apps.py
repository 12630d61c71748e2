from django.apps import AppConfig


class CrfConfig(AppConfig):
    name = "crf"

    def ready(self) -> None:
        """What any act moves that forms read is judged again by the one package that knows the forms (ADR 22)."""
        from audit.acts import judge_with
        from audit.verify import also_verify
        from crf.records.consequences import follow_moved
        from crf.records.signed_records import signatures_that_fell_silently

        judge_with(follow_moved)
        also_verify(signatures_that_fell_silently)
