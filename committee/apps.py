from django.apps import AppConfig


class CommitteeConfig(AppConfig):
    name = "committee"

    def ready(self) -> None:
        from accounts.permissions import Permission
        from committee.second_person import PACKS
        from notices.second_person import two_people_do

        two_people_do(PACKS, Permission.PACK_MAKE)
