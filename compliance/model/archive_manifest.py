"""The manifest digest that tools make up for an image from a saved archive, which holds no manifest of a registry."""

from __future__ import annotations

import hashlib

from compliance.model.image import Image


def archive_manifest(image: Image) -> str | None:
    """The digest of the manifest that Syft composes when it reads the image as a docker-archive.

    It names the configuration and each layer by the digest and size of its unpacked tar, so it is
    as good as the image ID. None when the sizes are not known (no layers handed in, or not read whole).
    Source: google/go-containerregistry, pkg/v1/tarball/image.go, "uncompressedImage" (by way of
    anchore/stereoscope); agrees with the output of Syft 1.18.1.
    """
    config, layers = image.digests.config, image.layers
    if config is None or not layers or image.incomplete or not all(layer.read and layer.unpacked for layer in layers):
        return None
    listed = ",".join(
        '{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip",'
        f'"size":{layer.unpacked},"digest":"{layer.diff_id}"}}'
        for layer in layers
    )
    manifest = (
        '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",'
        '"config":{"mediaType":"application/vnd.docker.container.image.v1+json",'
        f'"size":{image.origin.length},"digest":"{config}"}},"layers":[{listed}]}}'
    )
    return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
