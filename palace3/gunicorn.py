"""How the web process is served; each value differs by environment variable alone."""

from __future__ import annotations

import os

from palace3.logging import LOGGING

wsgi_app = "palace3.wsgi:application"
bind = os.environ.get("WEB_BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = int(os.environ.get("WEB_TIMEOUT", "60"))
graceful_timeout = 20
keepalive = 5
# Slow growth ends by itself, and not in all processes at once.
max_requests = 5000
max_requests_jitter = 500
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
control_socket_disable = True
worker_tmp_dir = os.environ.get("WEB_TMP") or None
logconfig_dict = LOGGING
accesslog = "-"
# The path without its query: what somebody searched for stays out of the log.
access_log_format = "%(m)s %(U)s %(s)s %(B)s bytes %(D)s us, request %({x-request-id}o)s"
