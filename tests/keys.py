"""Pairs of keys for tests of signatures, as openssl would write them."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa


@dataclass(frozen=True)
class Pair:
    """Two PEM files."""

    private: Path
    public: Path


def make_pair(folder: Path, name: str) -> Pair:
    """A new pair on the curve P-256."""
    return write_pair(folder, name, ec.generate_private_key(ec.SECP256R1()))


def write_pair(folder: Path, name: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Pair:
    """Writes a pair of any kind."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.pub")
    pem = serialization.Encoding.PEM
    pair.private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    pair.public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return pair
