"""Which values of a swarm are kept, and what stands in place of its certificates."""

from __future__ import annotations

from compliance.evidence.docker_host.settings import Wanted

#: Longest certificate that is read.
_MAX_PEM = 64 * 1024
#: `.Swarm` of docker info. No join token, no key: those of TLS are public, and only the dates of the root are kept.
SWARM: Wanted = {
    **dict.fromkeys(("ControlAvailable", "Error", "LocalNodeState", "Managers", "NodeAddr", "Nodes")),
    "RemoteManagers": {"*": {"Addr": None}},
    "Cluster": {
        "CreatedAt": None,
        "DataPathPort": None,
        "RootRotationInProgress": None,
        "Spec": {"CAConfig": {"NodeCertExpiry": None}, "EncryptionConfig": {"AutoLockManagers": None}, "Name": None},
        "TLSInfo": {"TrustRoot": None},
    },
}


def certificates(keys: tuple[str, ...], value: object) -> object | None:
    """The dates of a swarm's root certificate in its place: `valid from 2026-01-31T12:00:00Z until ...`."""
    if keys[-2:] != ("TLSInfo", "TrustRoot") or not isinstance(value, str):
        return None
    from cryptography import x509  # slow to import, and few files hold a certificate

    try:
        found = x509.load_pem_x509_certificate(value[:_MAX_PEM].encode("ascii"))
    except (ValueError, UnicodeEncodeError):
        return "a certificate that cannot be read"
    begins, ends = (
        moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (found.not_valid_before_utc, found.not_valid_after_utc)
    )
    return f"valid from {begins} until {ends}"
