from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "exports"

    def ready(self) -> None:
        """The study definition is made here; analysis names what makes data sets of endpoints (ADR 46)."""
        from exports.formats.kinds import DataFormat
        from exports.packages import package_with
        from exports.usdm.writing import write_usdm

        package_with(DataFormat.USDM, write_usdm)
