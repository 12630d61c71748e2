"""A hospital's provider of OpenID Connect on loopback: it answers its client alone, as a real one does."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tests.clock import clock_time

CLIENT, CLIENT_SECRET = "palace3", "the hospital's secret for PALACE-3"


class LocalProvider:
    """The provider, who is signed in there, and what it says of them; ``more`` alters what it signs."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.signs_with: ECKey = self.key
        self.subject = "riverside-4711"
        self.more: dict[str, Any] = {}
        self.is_silent = False
        self.asked: dict[str, dict[str, str]] = {}
        self.issuer = ""

    def authorize(self, query: dict[str, str]) -> str:
        """Return where the browser is sent: back to the client, with a code."""
        code = secrets.token_urlsafe(16)
        self.asked[code] = query
        answer = {"code": code, "state": query["state"], "iss": self.issuer}
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, authorization: str, form: dict[str, str]) -> dict[str, Any] | None:
        """Return what a code is worth, once; None for a wrong secret, code, address or verifier."""
        asked = self.asked.pop(form.get("code", ""), None)
        known = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or authorization != f"Basic {known}":
            return None
        if asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return None
        now = int(clock_time().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.subject,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
        } | self.more
        signed = jwt.encode({"alg": "ES256", "kid": "one"}, claims, self.signs_with)
        return {"access_token": "nothing is opened by it", "token_type": "Bearer", "id_token": signed}

    def described(self) -> dict[str, str]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/logout",
        }


@contextmanager
def local_provider() -> Iterator[LocalProvider]:
    """Serve a provider on a free port of loopback."""
    provider = LocalProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if provider.is_silent:
                self._say(503, {})
            elif parts.path == "/.well-known/openid-configuration":
                self._say(200, provider.described())
            elif parts.path == "/keys":
                self._say(200, KeySet([provider.key]).as_dict(private=False))
            elif parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            answer = provider.token(self.headers.get("Authorization", ""), form)
            self._say(400 if answer is None else 200, answer or {"error": "invalid_grant"})

        def _say(self, status: int, body: Any) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """The tests read what is answered, not a log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
