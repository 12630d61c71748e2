"""A quick hash for a password that everybody knows."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class DemonstrationHasher(PBKDF2PasswordHasher):
    """Hashes the printed password of demonstration accounts; in force only with PALACE3_DEMO."""

    algorithm = "demonstration"
    iterations = 1
