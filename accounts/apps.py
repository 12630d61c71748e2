from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Verification of the trail asks whose signatures are."""
        from accounts.signed import signatures_of_somebody_else
        from audit.verify import also_verify

        also_verify(signatures_of_somebody_else)
