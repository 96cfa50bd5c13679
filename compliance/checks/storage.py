"""Persistent volumes in, verdicts out."""

from __future__ import annotations

from compliance.model.check import Effort, Verdict, check, failed, passed
from compliance.model.cluster import PersistentVolume
from compliance.model.outcome import Severity


@check(
    id="persistent-volume-host-path",
    title="The PersistentVolume is no directory of a node",
    severity=Severity.HIGH,
    effort=Effort.PLATFORM,
    fix="Use a CSI driver, or the local volume type with node affinity, in place of hostPath.",
)
def persistent_volume_host_path(volume: PersistentVolume) -> Verdict:
    """The volume's source is not hostPath, which would open a node's files to whoever claims it.

    Source: Kubernetes, "Pod Security Standards", HostPath Volumes; "Persistent Volumes", Types of Persistent Volumes.
    """
    header = volume.header
    if volume.source == "hostPath" or volume.host_path is not None:
        return failed(
            f"PersistentVolume {header.name} is hostPath {volume.host_path or '(no path)'}",
            at=[header.at("/spec/hostPath")],
        )
    return passed(f"PersistentVolume {header.name} is {volume.source}", at=[header.at(f"/spec/{volume.source}")])
