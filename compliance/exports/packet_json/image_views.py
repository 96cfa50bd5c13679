"""The shape of one image in assessment.json."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from compliance.exports.packet_json.proof_views import ImageVulnerabilitiesView
from compliance.exports.packet_json.shape import LocationView, View

#: A digest with its algorithm, as images write it.
DigestText = Annotated[str, Meta(max_length=300)]
StandingWord = Literal["shown", "missing", "unknown"]
LinkWord = Literal["proven", "weak", "broken", "unknown"]
BaseClassWord = Literal["scratch", "distroless", "slim", "alpine", "full", "unknown"]


class ImageDigestsView(View):
    """Null where the evidence does not carry it; the diff ids stand with the layers."""

    index: DigestText | None
    manifest: DigestText | None
    config: DigestText | None


class ImageLayerView(View):
    """`number` counts from 1, the lowest. `origin` is `base NAME`, `added here`, or null where no base is known.

    `size` is of the blob in bytes, `unpacked` of the tar in it, `members` its entries; all are 0 while
    `read` is false and nobody handed the blob in.
    """

    number: int
    diff_id: DigestText
    digest: DigestText | None
    size: int
    unpacked: int
    members: int
    created_by: str | None
    origin: str | None
    read: bool


class ImageFileView(View):
    """A path of the merged root, the layer it stands in, and what makes it worth naming."""

    path: str
    layer: int
    mode: str
    uid: int
    gid: int
    size: int
    detail: str | None


class ImageSecretView(View):
    """A credential in a file of any layer, never its value; `deleted_by` is the later layer that hides it."""

    path: str
    kind: str
    layer: int
    by_name: bool
    deleted_by: int | None


class ImagePackageDatabaseView(View):
    ecosystem: str
    path: str
    layer: int
    state: Literal["read", "unreadable"]
    packages: int
    reason: str | None


class ImageIdentityView(View):
    """How firmly each kind of evidence is joined to the image."""

    sbom: LinkWord
    scan: LinkWord
    signature: LinkWord
    provenance: LinkWord
    admission: LinkWord


class ImageLinkView(View):
    kind: str
    link: LinkWord
    because: str
    at: LocationView | None


class ImagePillarView(View):
    id: str
    title: str
    standing: StandingWord
    facts: list[str]
    missing: str | None


class HardeningFactView(View):
    id: str
    title: str
    standing: StandingWord
    because: str
    at: LocationView | None


class ImageFaultView(View):
    """`hides` is true when files of the image may be unseen because of it."""

    words: str
    hides: bool


class ImageView(View):
    """One platform of an image.

    Lists of files, `packages`, `files` and `unpacked` are null where no layer was handed in: then nobody
    knows. A list holds at most 500 files; `totals` counts all. While `incomplete` is set, files may be
    unseen, and an empty list proves nothing. `packages` are counted by ecosystem. Ages are in days, sizes
    in bytes. `links` are all of the chain from the workload that runs it to the owner of its next rebuild;
    `vulnerabilities` is null where no usable scan is joined to it.
    """

    id: str
    name: str
    names: list[str]
    form: str
    digests: ImageDigestsView
    platform: str
    base_class: BaseClassWord
    base_because: str | None
    base: str
    os: str | None
    libc: str | None
    user: str | None
    uid: int | None
    uid_because: str
    created: str | None
    age_days: int | None
    age_because: str
    size: int
    unpacked: int | None
    files: int | None
    layers: list[ImageLayerView]
    shells: list[ImageFileView] | None
    package_managers: list[ImageFileView] | None
    network_tools: list[ImageFileView] | None
    build_tools: list[ImageFileView] | None
    remote_servers: list[ImageFileView] | None
    setuid: list[ImageFileView] | None
    file_capabilities: list[ImageFileView] | None
    world_writable: list[ImageFileView] | None
    secrets: list[ImageSecretView] | None
    totals: dict[str, int] | None
    packages: dict[str, int] | None
    package_databases: list[ImagePackageDatabaseView] | None
    scannable: str | None
    exposed_ports: list[str]
    volumes: list[str]
    history_steps: int
    identity: ImageIdentityView
    links: list[ImageLinkView]
    vulnerabilities: ImageVulnerabilitiesView | None
    pillars: list[ImagePillarView]
    hardening: list[HardeningFactView]
    owner: str | None
    run_by: list[str]
    sboms: list[str]
    faults: list[ImageFaultView]
    faults_total: int
    incomplete: str | None
    place: LocationView
