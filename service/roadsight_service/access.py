"""Who may ask for what: keys, of which the service knows only the SHA-256.

Authorization: Bearer KEY, scope --check--> nothing
                                 Unauthorized, Forbidden
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import StringConstraints

from roadsight_models.errors import Forbidden, Unauthorized

Scope = Literal["classify", "robustness", "admin"]
KeyDigest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]

_SCHEME = "bearer "


class Access:
    """The keys, and what each is good for. Without keys everybody may ask, but nobody may change anything."""

    def __init__(self, keys: Mapping[str, tuple[Scope, ...]] | None) -> None:
        self._keys = keys

    def check(self, authorization: str | None, scope: Scope) -> None:
        """Lets pass who has a key for it.

        Args:
            authorization: the header of this name.
            scope: what is asked for.

        Raises:
            Unauthorized: no key, or none that is known.
            Forbidden: the key has other scopes only, or there are no keys and this needs one.
        """
        if self._keys is None:
            if scope == "admin":
                raise Forbidden("this needs a key with the scope 'admin', and ROADSIGHT_KEYS is not set")
            return
        said = authorization or ""
        if said[: len(_SCHEME)].lower() != _SCHEME:
            raise Unauthorized("expected the header Authorization: Bearer KEY")
        digest = hashlib.sha256(said[len(_SCHEME) :].strip().encode("latin-1")).hexdigest()
        # Every key is compared, each in the same time: how long a refusal takes tells nothing.
        allowed = [scopes for known, scopes in self._keys.items() if hmac.compare_digest(known, digest)]
        if not allowed:
            raise Unauthorized("the key is not known")
        if scope not in allowed[0]:
            raise Forbidden(f"the key has no scope {scope!r}; it has: {', '.join(allowed[0]) or 'none'}")
