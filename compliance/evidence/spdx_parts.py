"""The parts of an SPDX 2 document that are read, in the shape of its JSON."""

from __future__ import annotations

import msgspec


class Reference(msgspec.Struct, rename="camel", gc=False):
    reference_type: str | None = None
    reference_locator: str | None = None


class Checksum(msgspec.Struct, rename="camel", gc=False):
    algorithm: str | None = None
    checksum_value: str | None = None


class Annotation(msgspec.Struct, gc=False):
    comment: str | None = None


class VerificationCode(msgspec.Struct, gc=False):
    value: str | None = msgspec.field(name="packageVerificationCodeValue", default=None)


class Package(msgspec.Struct, rename="camel", gc=False):
    """`annotations` are decoded of the described package only; they are the JSON as it stands."""

    spdx_id: str | None = msgspec.field(name="SPDXID", default=None)
    name: str | None = None
    version_info: str | None = None
    primary_package_purpose: str | None = None
    external_refs: list[Reference] | None = None
    checksums: list[Checksum] | None = None
    annotations: msgspec.Raw = msgspec.Raw()
    supplier: str | None = None
    originator: str | None = None
    license_declared: str | None = None
    license_concluded: str | None = None
    package_verification_code: VerificationCode | None = None


class Relationship(msgspec.Struct, rename="camel", gc=False):
    spdx_element_id: str | None = None
    relationship_type: str | None = None
    related_spdx_element: str | None = None


class CreationInfo(msgspec.Struct):
    created: str | None = None
    creators: list[str] | None = None
    comment: str | None = None


class Part(msgspec.Struct, gc=False):
    """A file or a snippet: only its id counts."""

    spdx_id: str | None = msgspec.field(name="SPDXID", default=None)


class SpdxDocument(msgspec.Struct, rename="camel"):
    """`files` and `snippets` are decoded only when a relationship ends in what is no package."""

    spdx_version: str | None = None
    name: str | None = None
    document_namespace: str | None = None
    creation_info: CreationInfo | None = None
    document_describes: list[str] | None = None
    packages: list[Package] | None = None
    relationships: list[Relationship] | None = None
    files: msgspec.Raw = msgspec.Raw()
    snippets: msgspec.Raw = msgspec.Raw()
