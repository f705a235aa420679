"""Who made a bundle: OpenSSF model signing with elliptic-curve keys.

    bundle, private key --sign_bundle--> model.sig beside the files
                        BadBundle, BadKey
    bundle, public keys --check--> the bundle is as one of the keys' owners signed it
                        UntrustedBundle, BadKey

`bundle.load` finds damage; whoever can change files can change digests, too, but has no key. The signature is over
every file of the folder: one more, one less, or a link is refused. Whatever writes the bundle anew drops it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from model_signing import hashing, signing, verifying

from roadsight_models import bundle
from roadsight_models.errors import BadKey, UntrustedBundle

SIGNATURE = "model.sig"


def sign_bundle(folder: Path, key: Path) -> Path:
    """Signs every file of a bundle; a signature that was there is replaced.

    Args:
        folder: of the version, `<name>/<version>/`.
        key: a private key, PEM: NIST P-256, P-384 or P-521.

    Returns:
        The signature, a Sigstore bundle.

    Raises:
        BadBundle: the bundle is damaged.
        BadKey: the key is missing, encrypted or of another kind.
    """
    bundle.load(folder)  # lest a signature vouches for what nobody could load
    try:
        signer = signing.Config().use_elliptic_key_signer(private_key=key)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadKey(key, f"no private key of an elliptic curve: {error}") from error
    signer.set_hashing_config(_all_files()).sign(folder, folder / SIGNATURE)
    return folder / SIGNATURE


def check(folder: Path, keys: Sequence[Path]) -> None:
    """Passes a bundle that one of the keys' owners signed as it is.

    Args:
        folder: of the version, `<name>/<version>/`.
        keys: public keys, PEM; every one must be readable, whichever it was signed with.

    Raises:
        BadKey: a key is missing or of another kind.
        UntrustedBundle: there is no signature, none of the keys made it, or a file is not as it was signed.
    """
    verifiers = {key: _verifier(key) for key in keys}
    if not (folder / SIGNATURE).is_file():
        raise UntrustedBundle(folder, f"not signed: no {SIGNATURE}; roadsight sign {folder} --key KEY.pem")
    refused = []
    for key, verifier in verifiers.items():
        try:
            verifier.verify(folder, folder / SIGNATURE)
            return
        except Exception as error:  # whatever the library stumbles on in a stranger's file
            refused.append(f"{key}: {str(error) or type(error).__name__}")
    raise UntrustedBundle(folder, "; ".join(refused))


def _verifier(key: Path) -> verifying.Config:
    try:
        verifier = verifying.Config().use_elliptic_key_verifier(public_key=key)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadKey(key, f"no public key of an elliptic curve: {error}") from error
    return verifier.set_hashing_config(_all_files())


def _all_files() -> hashing.Config:
    """SHA-256 of every file but the signature; by its own rule the library would pass over `.gitignore`."""
    config = hashing.Config().use_file_serialization()
    config.set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
    return config


def sign(
    folder: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The folder of a version.")],
    key: Annotated[Path, typer.Option(help="Private key of an elliptic curve, PEM.")],
) -> None:
    """Signs a bundle, for services that trust the key (ROADSIGHT_TRUSTED_KEYS)."""
    print(sign_bundle(folder, key))
