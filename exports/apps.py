from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "exports"

    def ready(self) -> None:
        """The study definition is made here; analysis names what makes data sets of endpoints (ADR 46).

        A lock of the database waits for its signatures, and for the second person who unlocks it.
        """
        from accounts.permissions import Permission
        from exports.database_lock.waiting import DATABASE_LOCKS
        from exports.formats.kinds import DataFormat
        from exports.packages import package_with
        from exports.usdm.writing import write_usdm
        from notices.second_person import two_people_do

        package_with(DataFormat.USDM, write_usdm)
        two_people_do(DATABASE_LOCKS, Permission.DATABASE_LOCK_SIGN)
