"""An issuer of identity tokens, as a CI system has one: it signs with its key, and publishes the key's public part."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Issuer:
    """Runs on loopback until it is closed."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802  (the library's name)
                answer = issuer.documents().get(self.path)
                self.send_response(200 if answer else 404)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer or {}).encode())

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def documents(self) -> dict[str, Any]:
        """What it says of itself; like GitHub's, without addresses to sign people in at."""
        numbers = self.key.public_key().public_numbers()
        n, e = (_b64(x.to_bytes((x.bit_length() + 7) // 8, "big")) for x in (numbers.n, numbers.e))
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            },
            "/keys": {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "ci", "n": n, "e": e}]},
        }

    def token(self, **claims: Any) -> str:
        """A token with these claims, good for five minutes."""
        now = int(time.time())
        head = {"alg": "RS256", "typ": "JWT", "kid": "ci"}
        body = {"iss": self.url, "iat": now, "nbf": now, "exp": now + 300} | claims
        text = ".".join(_b64(json.dumps(part).encode()) for part in (head, body))
        return text + "." + _b64(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
