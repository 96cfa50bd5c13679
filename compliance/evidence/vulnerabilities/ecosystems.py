"""What scanners call kinds of packages, by the type of package URL: for packages that they name without one."""

from __future__ import annotations

from collections.abc import Mapping

_RPM = (
    *("redhat", "centos", "centos-stream", "rocky", "alma", "oracle", "amazon", "fedora", "photon", "azurelinux"),
    *("cbl-mariner", "sles", "slem", "opensuse", "opensuse-leap", "opensuse-tumbleweed"),
)
#: By Trivy's type of result. Source: trivy 0.76, pkg/purl/purl.go, "purlType"; pkg/fanal/types/const.go.
OF_TRIVY: Mapping[str, str] = {
    **dict.fromkeys(("debian", "ubuntu", "echo"), "deb"),
    **dict.fromkeys(("alpine", "wolfi", "chainguard", "minimos"), "apk"),
    **dict.fromkeys(_RPM, "rpm"),
    **dict.fromkeys(("python-pkg", "pip", "pipenv", "poetry", "uv", "pylock"), "pypi"),
    **dict.fromkeys(("npm", "node-pkg", "yarn", "pnpm", "bun"), "npm"),
    **dict.fromkeys(("gobinary", "gomod"), "golang"),
    **dict.fromkeys(("jar", "pom", "gradle", "sbt"), "maven"),
    **dict.fromkeys(("bundler", "gemspec"), "gem"),
    **dict.fromkeys(("cargo", "rustbinary"), "cargo"),
    **dict.fromkeys(("nuget", "dotnet-core", "packages-props"), "nuget"),
    **dict.fromkeys(("composer", "composer-vendor"), "composer"),
    **dict.fromkeys(("conda-pkg", "conda-environment"), "conda"),
    **{name: name for name in ("cocoapods", "swift", "pub", "hex", "conan", "bitnami", "julia")},
}
#: By Syft's type of package, which Grype keeps. Source: anchore/syft 1.18, syft/pkg/type.go, "PackageURLType".
OF_SYFT: Mapping[str, str] = {
    **{name: name for name in ("deb", "apk", "rpm", "npm", "conan", "conda", "hex", "swift", "pub", "bitnami")},
    **{name: name for name in ("cocoapods", "hackage", "nix")},
    "alpm": "alpm",
    "python": "pypi",
    "go-module": "golang",
    "java-archive": "maven",
    "jenkins-plugin": "maven",
    "gem": "gem",
    "rust-crate": "cargo",
    "dotnet": "nuget",
    "php-composer": "composer",
    "dart-pub": "pub",
    "pod": "cocoapods",
}
