"""Images as records, for tests of what the packet says of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from compliance.model.cluster import Cluster, RunContainer, WorkloadEntry
from compliance.model.configuration import BaseImage
from compliance.model.evidence import EVIDENCE_SET, Origin, Subject, SubjectType
from compliance.model.image import (
    NO_FACTS,
    BaseClass,
    Compression,
    DatabaseState,
    EnvEntry,
    Facts,
    FileFact,
    HistoryStep,
    Image,
    ImageConfig,
    ImageDigests,
    ImageFault,
    ImageLayer,
    Ownership,
    Package,
    PackageDatabase,
    RootFileSystem,
    SecretFact,
    User,
)
from compliance.model.images import Images, join
from compliance.model.sbom import Component, DescribedDigest, Sbom

#: The evidence file that the images below stand in.
ARCHIVE = "images/shop.tar"
LAYERS_OF_BASE = 2


def digest(text: str) -> str:
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def make_origin(member: str = "", path: str = ARCHIVE) -> Origin:
    """A document in the archive, or a file of its own."""
    pointer = f"{member}!" if member else ""
    return Origin(
        path=path, sha256=digest(path)[7:], document=None, pointer=pointer, inner="", offset=512, length=900, line=1
    )


def make_config(**changed: object) -> ImageConfig:
    """A careful configuration; `changed` are its fields."""
    plain = ImageConfig(
        user="65532",
        env=(EnvEntry(name="PATH", value="/usr/local/bin:/usr/bin:/bin", suspicion=None),),
        exposed_ports=("8080/tcp",),
        volumes=(),
        entrypoint=("/app/server",),
        cmd=None,
        working_dir="/app",
        labels={},
        label_suspicions={},
        healthcheck=None,
        created="2026-11-05T08:00:00Z",
        created_as_written="2026-11-05T08:00:00Z",
        author=None,
    )
    return replace(plain, **changed)  # type: ignore[arg-type] # names and types are those of the record


def make_layer(image: str, number: int, created_by: str = "COPY server /app/server") -> ImageLayer:
    """A layer; the lowest LAYERS_OF_BASE are the same in every image."""
    name = f"base-{number}" if number <= LAYERS_OF_BASE else f"{image}-{number}"
    return ImageLayer(
        number=number,
        diff_id=digest(f"diff {name}"),
        digest=digest(f"blob {name}"),
        media_type="application/vnd.oci.image.layer.v1.tar+gzip",
        compression=Compression.GZIP,
        size=1_500_000 * number,
        unpacked=4_000_000 * number,
        members=120 * number,
        created_by=created_by,
        origin=make_origin(f"blobs/sha256/{digest(f'blob {name}')[7:]}"),
        read=True,
    )


def fact(path: str, layer: int, detail: str = "", mode: int = 0o755) -> FileFact:
    return FileFact(path=path, layer=layer, mode=mode, uid=0, gid=0, size=1024, detail=detail)


def facts(*found: FileFact) -> Facts:
    return Facts(tuple(sorted(found)), len(found))


def make_user(name: str, uid: int) -> User:
    shell = "/sbin/nologin"
    return User(name=name, uid=uid, gid=uid, home=f"/home/{name}", shell=shell, password="none")


def make_files(**changed: object) -> RootFileSystem:
    """The files of a distroless image; `changed` are fields."""
    plain = RootFileSystem(
        os_release={"ID": "debian", "VERSION_ID": "13", "PRETTY_NAME": "Debian GNU/Linux 13 (trixie)"},
        os_release_fact=fact("/usr/lib/os-release", 1, mode=0o644),
        libc="glibc",
        base_class=BaseClass.DISTROLESS,
        base_because="a package database in /var/lib/dpkg/status.d, and neither shell nor package manager",
        databases=(
            PackageDatabase(
                ecosystem="deb",
                path="/var/lib/dpkg/status.d",
                layer=1,
                state=DatabaseState.READ,
                packages=4,
                reason="",
            ),
        ),
        packages=tuple(Package("deb", name, "1.0-1", "", 0) for name in ("base-files", "libc6", "tzdata")),
        ownership=Ownership(executables=2, owned=1, unowned=facts(fact("/app/server", 3))),
        shells=NO_FACTS,
        package_managers=NO_FACTS,
        network_tools=NO_FACTS,
        build_tools=NO_FACTS,
        remote_servers=NO_FACTS,
        set_id=NO_FACTS,
        capabilities=NO_FACTS,
        world_writable=NO_FACTS,
        path_writable=NO_FACTS,
        devices=NO_FACTS,
        umasks=NO_FACTS,
        leftovers=NO_FACTS,
        secrets=(),
        secrets_total=0,
        users=(make_user("root", 0), make_user("nonroot", 65532)),
        groups=(("root", 0), ("nonroot", 65532)),
        user_fact=fact("/etc/passwd", 1, mode=0o644),
        files=431,
        size=19_000_000,
        scannable="",
    )
    return replace(plain, **changed)  # type: ignore[arg-type] # names and types are those of the record


def make_image(
    name: str,
    *,
    config: ImageConfig | None = None,
    files: RootFileSystem | None = None,
    steps: tuple[str, ...] = ("ADD rootfs.tar /", "COPY etc /etc", "COPY server /app/server"),
    **changed: object,
) -> Image:
    """An image whose every layer was read; `changed` are its fields."""
    id = digest(f"config {name}")
    layers = tuple(make_layer(name, number, step) for number, step in enumerate(steps, start=1))
    image = Image(
        origin=make_origin(f"blobs/sha256/{id[7:]}"),
        subject=Subject(id=f"image/{id}", type=SubjectType.IMAGE, name=name, digest=id),
        form="oci-layout",
        names=(name,),
        digests=ImageDigests(index=digest(f"index {name}"), manifest=digest(f"manifest {name}"), config=id),
        os="linux",
        architecture="amd64",
        variant="",
        config=config or make_config(),
        config_at="/config",
        root_at="",
        docker_format=False,
        history=tuple(
            HistoryStep(number=number, created_by=step, created=None, layer=number, suspicion=None)
            for number, step in enumerate(steps, start=1)
        ),
        history_at="/history",
        layers=layers,
        filesystem=files or make_files(),
        faults=(),
        faults_total=0,
        incomplete="",
    )
    return replace(image, **changed)  # type: ignore[arg-type] # names and types are those of the record


def careful_image() -> Image:
    """Distroless, an ordinary user, nothing to work with."""
    return make_image("registry.example.com/shop/checkout:2.4.1")


def careless_image() -> Image:
    """A full distribution that runs as root, with tools, set-user-ID files, a key deleted by a later layer."""
    steps = (
        "/bin/sh -c #(nop) ADD file:5d68d27cc15a80653c93d3a0b262a28112d47a46326ff5fc2dfbf7fa3b9a0ce8 in / ",
        "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends curl openssh-server gcc make",
        "RUN /bin/sh -c apt-get install -y sudo",
        "COPY . /srv/legacy # buildkit",
        "RUN /bin/sh -c rm /srv/legacy/deploy/id_rsa",
    )
    tools = [fact(f"/usr/bin/{tool}", 2, tool) for tool in ("curl", "scp", "ssh", "wget")]
    suid = [fact(f"/usr/bin/{name}", 1, "set-user-id root", 0o4755) for name in ("chfn", "chsh", "mount", "su")]
    files = make_files(
        base_class=BaseClass.FULL,
        base_because="apt and dpkg stand in /usr/bin, with 189 packages, manual pages and systemd",
        packages=tuple(Package("deb", f"lib{number}", "1.0-1", "", 0) for number in range(187))
        + tuple(Package("pypi", name, "3.1", "", 0) for name in ("requests", "urllib3")),
        shells=facts(
            fact("/usr/bin/bash", 1, "bash"), fact("/usr/bin/dash", 1, "dash"), fact("/usr/bin/sh", 1, "dash")
        ),
        package_managers=facts(fact("/usr/bin/apt", 1, "apt"), fact("/usr/bin/dpkg", 1, "dpkg")),
        network_tools=facts(*tools),
        build_tools=facts(fact("/usr/bin/gcc", 2, "gcc"), fact("/usr/bin/make", 2, "make")),
        remote_servers=facts(fact("/usr/sbin/sshd", 2, "sshd")),
        set_id=facts(*suid, fact("/usr/bin/sudo", 3, "set-user-id root", 0o4755)),
        capabilities=facts(fact("/usr/bin/ping", 2, "cap_net_raw")),
        world_writable=facts(fact("/srv/legacy/upload", 4, "directory without the sticky bit", 0o777)),
        leftovers=facts(fact("/var/cache/apt/pkgcache.bin", 2, "package cache")),
        secrets=(
            SecretFact("/srv/legacy/.env", 4, "assignment of a password", False, None),
            SecretFact("/srv/legacy/deploy/id_rsa", 4, "private key", False, 5),
        ),
        secrets_total=2,
        files=9_480,
        size=412_000_000,
        scannable="14 of 2,210 executables belong to no package",
    )
    config = make_config(
        user="",
        env=(EnvEntry(name="DB_PASSWORD", value="", suspicion="its name says password"),),
        exposed_ports=("22/tcp", "8080/tcp"),
        volumes=("/srv/legacy/upload",),
        created="2026-02-11T16:20:05.123456789Z",
        created_as_written="2026-02-11T16:20:05.123456789Z",
        labels={"maintainer": "build@example.com", "org.opencontainers.image.base.name": "debian:12"},
    )
    image = make_image(
        "registry.example.com/shop/legacy-importer-of-the-old-warehouse/batch:latest",
        config=config,
        files=files,
        steps=steps,
        form="docker-archive",
        docker_format=True,
    )
    words = "layer 4 has the diff id sha256:11aa… and the configuration states sha256:22bb…"
    fault = ImageFault(words=words, origin=image.origin, pointer="/rootfs/diff_ids/3", hides=False)
    return replace(image, faults=(fault,), faults_total=1)


def bare_image() -> Image:
    """A configuration alone: what files the image holds nobody can say."""
    image = make_image(
        "registry.example.com/shop/search:7",
        config=make_config(user="search", created=None, created_as_written="1970-01-01T00:00:00Z"),
    )
    layers = tuple(
        replace(layer, digest=None, origin=None, size=0, unpacked=0, members=0, compression=None, read=False)
        for layer in image.layers
    )
    return replace(
        image,
        form="image-config",
        digests=replace(image.digests, index=None, manifest=None),
        layers=layers,
        filesystem=None,
    )


def make_sbom(image: Image, *, digests: tuple[str, ...] = (), described: str = "") -> Sbom:
    """A CycloneDX SBOM that says it is about some digests, or about a name."""
    name = f"sboms/{sha256((image.said + described).encode()).hexdigest()[:8]}.cdx.json"
    return Sbom(
        origin=make_origin(path=name),
        subject=Subject(id=f"sbom/{digest(name)}", type=SubjectType.SBOM, name=name),
        format="cyclonedx",
        version="1.6",
        described=described,
        described_at="/metadata/component/name",
        digests=tuple(DescribedDigest(one, "/metadata/component/hashes/0") for one in digests),
        diff_ids=(),
        created="2026-11-05T08:30:00Z",
        created_at="/metadata/timestamp",
        tools=("syft 1.20.0",),
        tools_at="/metadata/tools",
        components=(Component("deb", "libc6", "2.41-12"),),
        components_at="/components",
        components_total=1,
        distro="debian-13",
    )


def make_workload(name: str, image: str, *, read_only: bool | None = None, **changed: object) -> WorkloadEntry:
    """A Deployment of the namespace shop with one container."""
    plain = WorkloadEntry(
        origin=make_origin(path="manifests/services-000.yaml"),
        subject=Subject(
            id=f"shop/Deployment/{name}", type=SubjectType.WORKLOAD, name=name, namespace="shop", kind="Deployment"
        ),
        kind="Deployment",
        name=name,
        namespace="shop",
        replicas=2,
        pod_labels={"app": name},
        service_account_name=None,
        automount_service_account_token=None,
        host_network=None,
        spec_at="/spec/template/spec",
        container_ports=((8080, None, "TCP"),),
        host_ports=(),
        config_maps=(),
        secrets=(),
        images=(image,),
        containers=(RunContainer(image, "", read_only, "/spec/template/spec/containers/0"),),
    )
    return replace(plain, **changed)  # type: ignore[arg-type] # names and types are those of the record


def make_images() -> Images:
    """The three images above, an SBOM of each sort of join, and the workloads that run two of them."""
    careful, careless, bare = careful_image(), careless_image(), bare_image()
    sboms = (
        make_sbom(careful, digests=(careful.digests.manifest or "",)),
        make_sbom(careless, described=careless.said),
        make_sbom(bare, described=bare.said, digests=(digest("another build"),)),
    )
    workloads = (
        make_workload("checkout", f"registry.example.com/shop/checkout@{careful.digests.manifest}", read_only=True),
        make_workload("legacy-importer", careless.said, host_ports=(8080,)),
    )
    return join((careful, careless, bare), sboms, (), (), workloads)


def cluster_of(images: Images, **maps: Mapping[object, object]) -> Cluster:
    """A cluster with the workloads of some images, and nothing else known unless `maps` say so."""
    plain = Cluster(subject=EVIDENCE_SET, workloads=images.workloads)
    return replace(plain, **maps)  # type: ignore[arg-type] # names and types are those of the record


def base_of_all() -> BaseImage:
    """An approved base: the layers that every image here begins with."""
    layers = tuple(make_layer("", number).diff_id for number in range(1, LAYERS_OF_BASE + 1))
    return BaseImage(name="company-base:12", diff_ids=layers)
