"""compliance.yaml: everything optional, everything checked, and each refusal says where and what was meant."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from compliance.configuration.loading import load, schema
from compliance.errors import UsageError
from compliance.model.configuration import NEWEST, BaseImage

REVIEW = """\
reviews:
  - {framework: f, control: "5.6.1", status: satisfied, reviewer: R, date: "%s", expires: "%s", statement: S}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "compliance.yaml"
    path.write_text(text)
    return path


def refused(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        load(written(folder, text))
    return str(caught.value)


def test_the_published_schema_is_a_schema() -> None:
    """Editors and other tools can use it."""
    jsonschema.Draft202012Validator.check_schema(schema())


def test_an_empty_configuration_is_the_default_one(tmp_path: Path) -> None:
    """Every key is optional; the newest Kubernetes is assumed, and said to be assumed."""
    found = load(written(tmp_path, "{}"))
    assert found.frameworks == ()
    assert found.parameters.kubernetes == NEWEST
    assert not found.parameters.kubernetes_stated


def test_values_arrive_where_checks_and_packets_look_for_them(tmp_path: Path) -> None:
    """Names with hyphens, nested registries, owners by namespace, and folders relative to the file."""
    found = load(
        written(
            tmp_path,
            "system: {id: s1, name: Demo, class: C, period: {start: '2026-01-01', end: '2026-01-31'}}\n"
            "kubernetes: {version: v1.34.2}\n"
            "registries: {approved: [registry.example]}\n"
            "parameters: {minimum-replicas: 3, rbac-approved-subjects: ['Group:ops']}\n"
            "owners: {shop: Shop team, '*/Deployment/*': Platform}\n"
            "catalogs: [own]\n",
        )
    )
    assert found.system.certification_class == "C"
    assert (found.parameters.kubernetes.minor, found.parameters.kubernetes_stated) == (34, True)
    assert found.parameters.registries_approved == ("registry.example",)
    assert found.parameters.minimum_replicas == 3
    assert found.parameters.rbac_approved_subjects == ("Group:ops",)
    assert found.owners == {"shop/*": "Shop team", "*/Deployment/*": "Platform"}
    assert found.catalogs == (str(tmp_path / "own"),)
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sytem: {}", "Did you mean system?"),
        ("system:\n  nam: x", "line 2"),
        ("system: {impact: medium}", "moderate"),
        ("kubernetes: {version: 1.34}", "put it in quotes"),
        ("kubernetes: {version: '1.99'}", "newer than the newest"),
        ("frameworks: []", "/frameworks"),
        (REVIEW % ("2026-02-30", "2026-12-31"), "no date of the calendar"),
        (REVIEW % ("2026-12-31", "2026-01-01"), "lies before"),
        ("system: {period: {start: '2026-02-01', end: '2026-01-01'}}", "lies before"),
        ("base_image: {}", "Did you mean base_images?"),
        ("base_images: {approved: [{name: debian}]}", "needs `digest` or `diff_ids`"),
        ("base_images: {approved: [{name: debian, digest: 'sha256:abc'}]}", "/base_images/approved/0/digest"),
        ("base_images: {approved: [{name: debian, diff_id: []}]}", "Did you mean diff_ids?"),
        ("base_images: {approved: [{name: debian, diff_ids: []}]}", "/base_images/approved/0/diff_ids"),
        ("parameters: {image-max-age: 30}", "Did you mean image-max-age-days?"),
        ("parameters: {image-max-age-days: 0}", "/parameters/image-max-age-days"),
        ("parameters: {set-id-approved: [usr/bin/su]}", "/parameters/set-id-approved/0"),
        ("parameters: {host-ports-approved: [70000]}", "/parameters/host-ports-approved/0"),
        ("a: 1\na: 2", "duplicate"),
        ("- 1", "holds no mapping"),
        ("system: !!python/object/apply:os.system [id]", "/system"),
        ("x: &a [*a]", "is not valid YAML"),
    ],
)
def test_what_cannot_be_carried_out_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    """Unknown keys, wrong words, impossible dates, and YAML that is none."""
    assert expected in refused(tmp_path, text)


def test_what_an_organisation_says_of_images_arrives(tmp_path: Path) -> None:
    """Approved bases by digest and by diff ids; limits in days, layers, and megabytes that become bytes."""
    one, two = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    found = load(
        written(
            tmp_path,
            "base_images:\n"
            "  approved:\n"
            f"    - {{name: 'debian:12', diff_ids: ['{one}', '{two}']}}\n"
            f"    - {{name: base, digest: '{one}'}}\n"
            "parameters:\n"
            "  packages-denied: ['deb:telnet*', nmap]\n"
            "  set-id-approved: [/usr/bin/su, '*/ping']\n"
            "  devices-approved: [/dev/fuse]\n"
            "  host-ports-approved: [443]\n"
            "  cgroup-parents-approved: [/shop]\n"
            "  image-max-age-days: 60\n"
            "  image-max-size-mb: 150\n"
            "  image-max-layers: 12\n",
        )
    ).parameters
    assert found.base_images == (
        BaseImage(name="debian:12", diff_ids=(one, two)),
        BaseImage(name="base", digest=one),
    )
    assert found.packages_denied == ("deb:telnet*", "nmap")
    assert found.set_id_approved == ("/usr/bin/su", "*/ping")
    assert (found.devices_approved, found.host_ports_approved) == (("/dev/fuse",), (443,))
    assert found.cgroup_parents_approved == ("/shop",)
    assert (found.image_max_age_days, found.image_max_size, found.image_max_layers) == (60, 150_000_000, 12)


def test_what_an_organisation_allows_of_docker_hosts_arrives(tmp_path: Path) -> None:
    """Names, releases, counts and days; nothing is allowed that nobody stated."""
    found = load(
        written(
            tmp_path,
            "parameters:\n"
            "  docker-group-approved: [alice]\n"
            "  docker-versions-supported: ['29', '28.5']\n"
            "  docker-swarm-needed: true\n"
            "  docker-unused-images: 0\n"
            "  docker-stopped-containers: 3\n"
            "  docker-node-certificate-days: 30\n"
            "  docker-swarm-ca-days: 365\n"
            "  host-hardening-percent: 90\n",
        )
    ).parameters
    assert (found.docker_group_approved, found.docker_versions_supported) == (("alice",), ("29", "28.5"))
    assert (found.docker_swarm_needed, found.docker_unused_images, found.docker_stopped_containers) == (True, 0, 3)
    assert (found.docker_node_certificate_days, found.docker_swarm_ca_days) == (30, 365)
    assert found.host_hardening_percent == 90
    nothing = load(written(tmp_path, "{}")).parameters
    assert (nothing.docker_swarm_needed, nothing.docker_unused_images, nothing.docker_group_approved) == (
        False,
        None,
        (),
    )


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    """A mistyped -c never assesses with defaults."""
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "missing.yaml")
