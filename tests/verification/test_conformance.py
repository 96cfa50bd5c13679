"""sigstore's own conformance bundles get the verdict that sigstore's clients must give.

They are not ours to ship. COMPLIANCE_SIGSTORE_CONFORMANCE names a checkout of sigstore/sigstore-conformance. The
trusted root of the public good instance comes from sigstore-python, or from the file COMPLIANCE_SIGSTORE_ROOT.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from pathlib import Path

import pytest

from compliance.errors import EvidenceError
from compliance.evidence.signed.bundle import bundle_document
from compliance.evidence.signed.claims import Place
from compliance.model.attestation import Trust
from compliance.model.configuration import TrustedIdentity, TrustedKey, TrustedRoot, TrustPolicy
from compliance.verification import verify
from tests.verification.making import ORIGIN

_FOLDER = os.environ.get("COMPLIANCE_SIGSTORE_CONFORMANCE", "")
_CASES = Path(_FOLDER, "test/assets/bundle-verify")
_BEACON = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/"
    "workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
_GITHUB = "https://token.actions.githubusercontent.com"
#: At least so many of the 70 cases are agreed on; no case that must fail may ever be accepted.
_AGREED = 69


def test_conformance() -> None:
    """No case that must fail is accepted, and at least 69 of 70 are agreed on."""
    if not _FOLDER:
        pytest.skip("COMPLIANCE_SIGSTORE_CONFORMANCE names no checkout of sigstore/sigstore-conformance")
    public = _public_root()
    if public is None:
        pytest.skip("neither sigstore-python nor COMPLIANCE_SIGSTORE_ROOT gives the public trusted root")
    cases = sorted(one for one in _CASES.iterdir() if (one / "bundle.sigstore.json").is_file())
    assert len(cases) >= 70
    differing = {}
    for case in cases:
        accepted, because = _accepted(case, public)
        must_fail = case.name.endswith("_fail")
        assert not (accepted and must_fail), f"{case.name}: {because}"
        if accepted == must_fail:
            differing[case.name] = because
    assert len(cases) - len(differing) >= _AGREED, differing


def _public_root() -> Path | None:
    named = os.environ.get("COMPLIANCE_SIGSTORE_ROOT", "")
    if named:
        return Path(named)
    package = importlib.util.find_spec("sigstore")
    if package is None or package.origin is None:
        return None
    return next(Path(package.origin).parent.glob("_store/*tuf-repo-cdn.sigstore.dev/trusted_root.json"), None)


def _accepted(case: Path, public: Path) -> tuple[bool, str]:
    try:
        value = json.loads((case / "bundle.sigstore.json").read_bytes())
        document = bundle_document(value, Place(ORIGIN, "attestation/case"))
    except (EvidenceError, ValueError) as error:
        return False, str(error)
    found = verify(document, _trust(case, public))
    own = case / "artifact"
    digest = hashlib.sha256((own if own.exists() else _CASES / "a.txt").read_bytes()).hexdigest()
    about = any(value == digest for subject in found.subjects for _, value in subject.digests)
    return found.trust is Trust.VERIFIED and about, f"{found.trust.value}: {found.because} (artifact: {about})"


def _trust(case: Path, public: Path) -> TrustPolicy:
    own = case / "trusted_root.json"
    data = (own if own.exists() else public).read_text()
    roots = (TrustedRoot(name="root", sha256="", data=data),)
    if (case / "key.pub").exists():
        key = TrustedKey(name="key", pem=(case / "key.pub").read_text())
        return TrustPolicy(keys=(key,), trusted_roots=roots)
    subject = _stated(case / "identity", _BEACON)
    issuer = _stated(case / "issuer", _GITHUB)
    return TrustPolicy(identities=(TrustedIdentity(issuer=issuer, subject=subject),), trusted_roots=roots)


def _stated(file: Path, usual: str) -> str:
    return file.read_text().strip() if file.exists() else usual
