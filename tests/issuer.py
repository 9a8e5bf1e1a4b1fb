"""A small OpenID Connect provider on this machine, for tests: real HTTP, real signatures, one person at a time.

It speaks the code flow with PKCE: discovery, keys, authorisation (which asks nobody), token, user's data. What it says
and how it lies is set on the object: ``issuer.person``, ``issuer.sign_with_another_key``, …
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "involvement-map", "a secret between the two"


class Issuer:
    """What the provider knows; ``url`` is its issuer."""

    def __init__(self):
        self.person = {"sub": "42", "email": "ed@example.org", "email_verified": True}
        self.key, self.another_key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _each in "ab")
        self.sign_with_another_key = False
        self.another_sub = ""  # what the user's data says in place of the token's
        self.audience = CLIENT
        self.broken = False
        self.codes: dict[str, dict] = {}
        self.asked: list[dict] = []  # the query of each visit to its sign-in page
        self.url = ""

    def configuration(self) -> dict:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": "1", "use": "sig", "alg": "RS256"}]}

    def authorize(self, query: dict) -> str:
        """Return where the browser is sent back to."""
        self.asked.append(query)
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})

    def token(self, form: dict) -> tuple[int, dict]:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET)
            or form.get("redirect_uri") != asked["redirect_uri"]
            or base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != asked.get("code_challenge")
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": self.audience, "iat": now, "exp": now + 300, **self.person}
        key = self.another_key if self.sign_with_another_key else self.key
        token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "1"})
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": token}


@contextmanager
def running():
    """Run an issuer on a free port of this machine; give the Issuer."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, body: dict):
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self):
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if issuer.broken:
                self.answer(500, {})
            elif parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", issuer.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif parts.path == "/userinfo":
                self.answer(200, issuer.person | ({"sub": issuer.another_sub} if issuer.another_sub else {}))
            else:
                pages = {"/.well-known/openid-configuration": issuer.configuration, "/keys": issuer.keys}
                self.answer(200, pages[parts.path]())

        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.answer(*issuer.token({name: values[0] for name, values in form.items()}))

        def log_message(self, *_words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
