from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "analysis"

    def ready(self) -> None:
        """Its data sets are those of exports (ADR 46); its signed sets are asked for by locks of the database."""
        from analysis.adam.writing import write_adam
        from analysis.lock_condition import CODE, LABEL, sets_are_signed
        from exports.database_lock.services import lock_also_asks
        from exports.formats.kinds import DataFormat
        from exports.packages import package_with

        package_with(DataFormat.ADAM, write_adam)
        lock_also_asks(code=CODE, label=LABEL, judge=sets_are_signed)
