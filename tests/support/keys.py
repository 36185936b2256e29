"""Keys of a Saleor that never was: the project's own signatures, made as Saleor makes them."""

import json
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from jwt.api_jws import PyJWS


@cache
def key(name: str = "shop") -> rsa.RSAPrivateKey:
    """One RSA key a name: making one takes longer than most tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwks(*names: str) -> dict[str, Any]:
    return {"keys": [_public(name) for name in names or ("shop",)]}


def sign(body: bytes, name: str = "shop", **header: object) -> str:
    """A detached JWS over the raw body (RFC 7797). Keywords change its header."""
    told = {"kid": name, **header}
    return PyJWS().encode(
        body, key(name), algorithm="RS256", headers=told, is_payload_detached=True
    )


def token(name: str = "shop", **claims: object) -> str:
    return jwt.encode(claims, key(name), algorithm="RS256", headers={"kid": name})


def _public(name: str) -> dict[str, Any]:
    public = json.loads(RSAAlgorithm.to_jwk(key(name).public_key()))
    return public | {"kid": name, "use": "sig", "alg": "RS256"}
