"""sigstore-python, an independent verifier, says the same of the simulator's bundles as we do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from compliance.model.attestation import Trust
from compliance.verification import verify
from tests.verification.making import ISSUER, NOON, STATEMENT, SUBJECT, Json, Simulator, Tsa, b64, read

models = pytest.importorskip("sigstore.models", reason="sigstore-python, the oracle, is not installed")
WORLD = Simulator()


def _tampered() -> Json:
    bundle = WORLD.bundle(generation=2, kind="hashedrekord")
    cast(Json, bundle["dsseEnvelope"])["payload"] = b64(STATEMENT + b" ")
    return bundle


def _glued(generation: int) -> Json:
    bundle, other = (WORLD.bundle(one, generation=generation, kind=_kind(generation)) for one in (STATEMENT, b"{}"))
    own, foreign = (cast(Json, one["verificationMaterial"]) for one in (bundle, other))
    own["tlogEntries"] = foreign["tlogEntries"]
    return bundle


def _kind(generation: int) -> str:
    return "dsse" if generation == 1 else "hashedrekord"


def _second(**changes: object) -> Json:
    return WORLD.bundle(generation=2, kind="hashedrekord", **changes)  # type: ignore[arg-type] # named by the cases below


def _stranger() -> Json:
    world = Simulator()
    world.root, world.intermediate, world.ct_key, world.logs = WORLD.root, WORLD.intermediate, WORLD.ct_key, WORLD.logs
    world.tsa = Tsa("stranger")
    return world.bundle(generation=2, kind="hashedrekord")


CASES: dict[str, Callable[[], Json]] = {
    "first": WORLD.bundle,
    "first stamped": lambda: WORLD.bundle(stamped=True),
    "first without promise": lambda: WORLD.bundle(promise=False),
    "first without any time": lambda: WORLD.bundle(promise=False, stamped=False),
    "second": _second,
    "second without time": lambda: _second(stamped=False),
    "no certificate timestamp": lambda: _second(signer=WORLD.leaf(sct=False)),
    "too late": lambda: WORLD.bundle(signer=WORLD.leaf(), at=NOON + timedelta(hours=1)),
    "too early": lambda: _second(signer=WORLD.leaf(), at=NOON - timedelta(hours=1)),
    "other issuer": lambda: _second(signer=WORLD.leaf(issuer="https://other.example")),
    "other subject": lambda: _second(signer=WORLD.leaf(f"{SUBJECT}0")),
    "for servers": lambda: _second(signer=WORLD.leaf(purpose=ExtendedKeyUsageOID.SERVER_AUTH)),
    "tampered": _tampered,
    "glued first": lambda: _glued(1),
    "glued second": lambda: _glued(2),
    "twin authority": lambda: Simulator().bundle(),
    "unknown timestamp authority": _stranger,
    "no log entry": lambda: WORLD.bundle(generation=None),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_sigstore(name: str, tmp_path: Path) -> None:
    """The oracle accepts exactly what we call verified."""
    bundle = CASES[name]()
    ours = verify(read(bundle), WORLD.trust()).trust is Trust.VERIFIED
    assert ours == _accepts(bundle, tmp_path)
    assert ours == (name in ("first", "first stamped", "first without promise", "second"))


def _accepts(bundle: Json, folder: Path) -> bool:
    from sigstore.errors import Error
    from sigstore.verify import Verifier, policy

    root = folder / "trusted_root.json"
    root.write_text(WORLD.trusted_root())
    verifier = Verifier(trusted_root=models.TrustedRoot.from_file(str(root)))
    try:
        found = models.Bundle.from_json(json.dumps(bundle))
        verifier.verify_dsse(found, policy.Identity(identity=SUBJECT, issuer=ISSUER))
    except Error:
        return False
    return True
