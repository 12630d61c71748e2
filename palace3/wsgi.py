"""The web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "palace3.settings")
application = get_wsgi_application()

from palace3.protocol_texts import refuse_altered  # noqa: E402 (it asks models)

refuse_altered()
