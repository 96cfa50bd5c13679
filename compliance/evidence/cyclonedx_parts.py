"""The parts of a CycloneDX document that are read, in the shape of its JSON."""

from __future__ import annotations

import msgspec


class Property(msgspec.Struct, gc=False):
    name: str | None = None
    value: str | None = None


class Tool(msgspec.Struct, gc=False):
    name: str | None = None
    version: str | None = None


class Tools(msgspec.Struct):
    components: list[Tool] | None = None
    services: list[Tool] | None = None


class Party(msgspec.Struct, gc=False):
    """A person or an organisation."""

    name: str | None = None
    email: str | None = None


class Organisation(msgspec.Struct, gc=False):
    name: str | None = None


class Hash(msgspec.Struct, gc=False):
    alg: str | None = None
    content: str | None = None


class License(msgspec.Struct, gc=False):
    id: str | None = None
    name: str | None = None
    acknowledgement: str | None = None


class LicenseChoice(msgspec.Struct, gc=False):
    license: License | None = None
    expression: str | None = None
    acknowledgement: str | None = None


class Swid(msgspec.Struct, gc=False, rename="camel"):
    tag_id: str | None = None


class BomComponent(msgspec.Struct, gc=False, rename="camel"):
    type: str | None = None
    group: str | None = None
    name: str | None = None
    version: str | None = None
    purl: str | None = None
    components: list[BomComponent] | None = None
    bom_ref: str | None = msgspec.field(name="bom-ref", default=None)
    supplier: Organisation | None = None
    manufacturer: Organisation | None = None
    publisher: str | None = None
    author: str | None = None
    authors: list[Party] | None = None
    cpe: str | None = None
    swid: Swid | None = None
    swhid: list[str] | None = None
    omnibor_id: list[str] | None = None
    hashes: list[Hash] | None = None
    licenses: list[LicenseChoice] | None = None


class Described(msgspec.Struct, gc=False):
    """The component of the metadata: what the document is about."""

    type: str | None = None
    group: str | None = None
    name: str | None = None
    version: str | None = None
    purl: str | None = None
    properties: list[Property] | None = None
    components: list[BomComponent] | None = None
    bom_ref: str | None = msgspec.field(name="bom-ref", default=None)


class Lifecycle(msgspec.Struct, gc=False):
    phase: str | None = None
    name: str | None = None


class Metadata(msgspec.Struct):
    timestamp: str | None = None
    tools: Tools | list[Tool] | None = None
    component: Described | None = None
    authors: list[Party] | None = None
    manufacturer: Organisation | None = None
    manufacture: Organisation | None = None
    supplier: Organisation | None = None
    lifecycles: list[Lifecycle] | None = None


class Dependency(msgspec.Struct, gc=False, rename="camel"):
    ref: str | None = None
    depends_on: list[str] | None = None


class Service(msgspec.Struct, gc=False):
    bom_ref: str | None = msgspec.field(name="bom-ref", default=None)
    services: list[Service] | None = None


class Composition(msgspec.Struct, gc=False):
    aggregate: str | None = None


class Bom(msgspec.Struct, rename="camel"):
    """`metadata`, `signature` and `vulnerabilities` are the JSON as it stands; an XML document leaves them empty."""

    bom_format: str | None = None
    spec_version: str | None = None
    metadata: msgspec.Raw = msgspec.Raw()
    components: list[BomComponent] | None = None
    serial_number: str | None = None
    version: int | float | str | None = None
    dependencies: list[Dependency] | None = None
    compositions: list[Composition] | None = None
    services: list[Service] | None = None
    signature: msgspec.Raw = msgspec.Raw()
    vulnerabilities: msgspec.Raw = msgspec.Raw()
