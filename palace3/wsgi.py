"""The web process."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from palace3.tracing import start_tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "palace3.settings")
start_tracing("web")
application = get_wsgi_application()

from accounts.hospital.provider import hospitals  # noqa: E402 (after the settings)
from kernel.production import refuse_unsafe  # noqa: E402 (after the settings)
from palace3.protocol_texts import refuse_altered  # noqa: E402 (it asks models)

refuse_unsafe(settings)
hospitals()
refuse_altered()
