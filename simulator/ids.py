"""Ids in Calendly's two forms, always the same for the same name."""

from hashlib import sha256
from uuid import UUID, uuid5

ID_NAMESPACE = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
ORGANIZATION = "ORGEXAMPLEAAAAAA"


def letters_id(name: str) -> str:
    """A 16-letter upper-case id, as Calendly's older resources have: always the same for the same name."""
    return "".join(chr(ord("A") + byte % 26) for byte in sha256(name.encode()).digest()[:16])


def uuid_id(name: str) -> str:
    """An RFC 4122 id, as Calendly's newer resources have: always the same for the same name."""
    return str(uuid5(ID_NAMESPACE, name))
