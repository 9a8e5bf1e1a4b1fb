"""How keys of the cache are made: as Django makes them, but what limits on guessing count by is hashed first.

Those keys hold internet addresses. With this nobody who reads the cache learns one.
"""

from django.utils.crypto import salted_hmac

COUNTED = "allauth:rl:"


def key(name: str, prefix: str, version: int) -> str:
    """Return the key under which ``name`` is kept."""
    if name.startswith(COUNTED):
        name = COUNTED + salted_hmac("involvement.cachekeys", name, algorithm="sha256").hexdigest()
    return f"{prefix}:{version}:{name}"
