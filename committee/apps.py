from django.apps import AppConfig


class CommitteeConfig(AppConfig):
    name = "committee"

    def ready(self) -> None:
        """Packs wait for their second person, and on the work lists of those who read them."""
        from accounts.permissions import Permission
        from committee.second_person import PACKS
        from committee.work_list import PACKS_TO_READ
        from notices.second_person import two_people_do
        from reports.worklist.sections import stands_on_work_lists

        stands_on_work_lists(PACKS_TO_READ)
        two_people_do(PACKS, Permission.PACK_MAKE)
