"""Makes the records of images in assessment.json from the reports of the model."""

from __future__ import annotations

from msgspec import UNSET

from compliance.exports.packet_json import image_views as views
from compliance.exports.packet_json.proof import image_vulnerabilities_view
from compliance.exports.packet_json.shape import LocationView
from compliance.model.evidence import Location
from compliance.model.image import BaseClass, Facts, Image, RootFileSystem
from compliance.model.image_report import HardeningFact, IdentityLink, ImageReport, LayerRow, Link, Pillar
from compliance.rendering.images import os_of, packages_of

#: Lists of files by their name in assessment.json.
_LISTS = {
    "shells": "shells",
    "package_managers": "package_managers",
    "network_tools": "network_tools",
    "build_tools": "build_tools",
    "remote_servers": "remote_servers",
    "setuid": "set_id",
    "file_capabilities": "capabilities",
    "world_writable": "world_writable",
}


def image_view(report: ImageReport) -> views.ImageView:
    """One image as assessment.json states it; lists of files are null where no layer was handed in."""
    image, files = report.image, report.image.filesystem
    lists = {name: _files(files, field) for name, field in _LISTS.items()}
    return views.ImageView(
        id=image.subject.id,
        name=image.said,
        names=list(image.names),
        form=image.form,
        digests=views.ImageDigestsView(
            index=image.digests.index, manifest=image.digests.manifest, config=image.digests.config
        ),
        platform=image.platform,
        base_class=(files.base_class if files else BaseClass.UNKNOWN).value,
        base_because=files.base_because if files else None,
        base=report.base_words,
        os=os_of(files) or None,
        libc=files.libc if files else None,
        user=image.config.user,
        uid=report.uid,
        uid_because=report.uid_words,
        created=image.config.created,
        age_days=report.age_days,
        age_because=report.age_words,
        size=image.size,
        unpacked=files.size if files else None,
        files=files.files if files else None,
        layers=[_layer(row, image) for row in report.layers],
        **lists,
        secrets=_secrets(files),
        totals=_totals(files),
        packages=dict(packages_of(files)) if files else None,
        package_databases=_databases(files),
        scannable=files.scannable or None if files else None,
        exposed_ports=list(image.config.exposed_ports),
        volumes=list(image.config.volumes),
        history_steps=len(image.history),
        identity=_identity(report),
        links=[_link(one) for one in report.chain],
        vulnerabilities=image_vulnerabilities_view(report.vulnerabilities) if report.vulnerabilities else None,
        pillars=[_pillar(pillar) for pillar in report.pillars],
        hardening=[_hardening(fact) for fact in report.hardening],
        owner=report.owner or None,
        run_by=list(report.run_by),
        sboms=list(report.sboms),
        faults=[views.ImageFaultView(words=fault.words, hides=fault.hides) for fault in image.faults],
        faults_total=image.faults_total,
        incomplete=image.incomplete or None,
        place=_location(report.place),
    )


def _layer(row: LayerRow, image: Image) -> views.ImageLayerView:
    return views.ImageLayerView(
        number=row.number,
        diff_id=row.diff_id,
        digest=row.digest,
        size=row.size,
        unpacked=row.unpacked,
        members=row.members,
        created_by=row.created_by or None,
        origin=row.origin_of or None,
        read=image.layers[row.number - 1].read,
    )


def _found(files: RootFileSystem, field: str) -> Facts:
    found: Facts = getattr(files, field)
    return found


def _files(files: RootFileSystem | None, field: str) -> list[views.ImageFileView] | None:
    if files is None:
        return None
    return [
        views.ImageFileView(
            path=one.path,
            layer=one.layer,
            mode=f"{one.mode:04o}",
            uid=one.uid,
            gid=one.gid,
            size=one.size,
            detail=one.detail or None,
        )
        for one in _found(files, field).items
    ]


def _secrets(files: RootFileSystem | None) -> list[views.ImageSecretView] | None:
    if files is None:
        return None
    return [
        views.ImageSecretView(
            path=one.path, kind=one.kind, layer=one.layer, by_name=one.by_name, deleted_by=one.deleted_by
        )
        for one in files.secrets
    ]


def _totals(files: RootFileSystem | None) -> dict[str, int] | None:
    if files is None:
        return None
    return {name: _found(files, field).total for name, field in _LISTS.items()} | {"secrets": files.secrets_total}


def _databases(files: RootFileSystem | None) -> list[views.ImagePackageDatabaseView] | None:
    if files is None:
        return None
    return [
        views.ImagePackageDatabaseView(
            ecosystem=one.ecosystem,
            path=one.path,
            layer=one.layer,
            state=one.state.value,
            packages=one.packages,
            reason=one.reason or None,
        )
        for one in files.databases
    ]


def _identity(report: ImageReport) -> views.ImageIdentityView:
    links = {one.kind: one.link for one in report.identity}

    def word(kind: str) -> views.LinkWord:
        return links.get(kind, Link.UNKNOWN).value

    return views.ImageIdentityView(
        sbom=word("sbom"),
        scan=word("scan"),
        signature=word("signature"),
        provenance=word("provenance"),
        admission=word("admission"),
    )


def _link(one: IdentityLink) -> views.ImageLinkView:
    at = _location(one.at) if one.at is not None else None
    return views.ImageLinkView(kind=one.kind, link=one.link.value, because=one.because, at=at)


def _pillar(pillar: Pillar) -> views.ImagePillarView:
    return views.ImagePillarView(
        id=pillar.id,
        title=pillar.title,
        standing=pillar.standing.value,
        facts=list(pillar.facts),
        missing=pillar.missing or None,
    )


def _hardening(fact: HardeningFact) -> views.HardeningFactView:
    return views.HardeningFactView(
        id=fact.id,
        title=fact.title,
        standing=fact.standing.value,
        because=fact.because,
        at=_location(fact.at) if fact.at is not None else None,
    )


def _location(at: Location) -> LocationView:
    return LocationView(
        sha256=at.sha256,
        path=at.path,
        pointer=at.pointer,
        document=UNSET if at.document is None else at.document,
        line=UNSET if at.line is None else at.line,
    )
