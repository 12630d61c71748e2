from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "analysis"

    def ready(self) -> None:
        """The one package that knows endpoints makes their data sets, for exports that ask for them (ADR 46)."""
        from analysis.adam.writing import write_adam
        from exports.formats.kinds import DataFormat
        from exports.packages import package_with

        package_with(DataFormat.ADAM, write_adam)
