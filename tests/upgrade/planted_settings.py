"""The program's settings with one app more, whose migration fails."""

from palace3.settings import *  # noqa: F403
from palace3.settings import INSTALLED_APPS as USUAL_APPS

INSTALLED_APPS = [*USUAL_APPS, "tests.upgrade.planted"]
