#!/usr/bin/env bash
# Builds the sample images and their SBOMs anew: samples/README.md says what they are and what this needs.
#
#   samples/images/build.sh            images, digests in the manifests, SBOMs
#   samples/images/build.sh images     images and digests only
#
# The same packages, Go toolchain and umoci give the same bytes: versions are pinned, files sorted, times fixed.
set -euo pipefail
export LC_ALL=C TZ=UTC
umask 022

samples=$(cd "$(dirname "$0")/.." && pwd)
images=$samples/images
what=${1:-all}

# File owners and capabilities of packages need root; fakeroot is enough.
if [ "$(id -u)" -ne 0 ]; then exec fakeroot "$0" "$what"; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --- Debian packages ---------------------------------------------------------------------------------------------

# Debian 12 as its mirrors serve it. A mirror keeps the newest of a suite only: raise a version when it has gone.
packages=(
  base-files=12.4+deb12u15 base-passwd=3.6.1 netbase=6.4 tzdata=2026f-0+deb12u1 ca-certificates=20250419~deb12u2
  libc6=2.36-9+deb12u14 libtinfo6=6.4-4 zlib1g=1:1.2.13.dfsg-1 libcrypt1=1:4.4.33-2
  bash=5.2.15-2+b13 dash=0.5.12-2 debianutils=5.7-0.5~deb12u1 dpkg=1.21.23 apt=2.6.2
  login=1:4.13+dfsg1-1+deb12u2 passwd=1:4.13+dfsg1-1+deb12u2 mount=2.38.1-5+deb12u3
  curl=7.88.1-10+deb12u15 netcat-openbsd=1.219-1 iputils-ping=3:20221126-1+deb12u1
  sudo=1.9.13p3-1+deb12u4 busybox-static=1:1.35.0-4+deb12u1+b1
)
mkdir "$work/debs"
(cd "$work/debs" && apt-get -qq -o APT::Sandbox::User=root download "${packages[@]/=/:amd64=}")

deb() { echo "$work/debs/$1"_*.deb; }

# What the samples have no use for: documentation, translations, character sets, time zones of other continents, and
# libraries and programs beside the ones that a package is known for.
trimmed=(--exclude='./usr/share/doc/*' --exclude='./usr/share/locale/*' --exclude='./usr/share/man/[a-z][a-z]/*'
  --exclude='./usr/share/man/[a-z][a-z][._]*'
  --exclude='./usr/share/info/*' --exclude='./usr/share/lintian/*' --exclude='./usr/share/bug/*'
  --exclude='./usr/share/doc-base/*' --exclude='./usr/share/bash-completion/*' --exclude='*/gconv/*'
  --exclude='./usr/lib/x86_64-linux-gnu/audit/*' --exclude='*/libm.so*' --exclude='*/libmvec.so*' --exclude='*/libmemusage.so*'
  --exclude='*/libnsl.so*' --exclude='*/libnss_compat.so*'
  --exclude='*/libc_malloc_debug*' --exclude='*/libthread_db*' --exclude='*/libpcprofile*'
  --exclude='./usr/share/zoneinfo/right*' --exclude='./usr/share/zoneinfo/posix*'
  --exclude='./usr/share/zoneinfo/A*' --exclude='./usr/share/zoneinfo/C*' --exclude='./usr/share/zoneinfo/I*'
  --exclude='./usr/share/zoneinfo/[P-T]*' --exclude='./usr/share/zsh/*' --exclude='./usr/sbin/sudo_*'
  --exclude='./usr/bin/cvtsudoers' --exclude='./usr/bin/sudoreplay' --exclude='./usr/libexec/sudo/audit_json*'
  --exclude='./usr/libexec/sudo/sudo_intercept*')

# unpack ROOT PACKAGE... : the files of packages, with /bin, /lib and /sbin below /usr as Debian has them.
unpack() {
  local root=$1 name
  shift
  for name in bin lib lib64 sbin; do
    mkdir -p "$root/usr/$name"
    [ -L "$root/$name" ] || ln -s "usr/$name" "$root/$name"
  done
  for name; do
    dpkg-deb --fsys-tarfile "$(deb "$name")" |
      tar -x --keep-directory-symlink --same-owner -p "${trimmed[@]}" -C "$root"
  done
}

# dpkg_database ROOT PACKAGE... : the database that dpkg would have written.
dpkg_database() {
  local root=$1 name file
  shift
  mkdir -p "$root/var/lib/dpkg/info"
  for name; do
    dpkg-deb -f "$(deb "$name")" | sed '/^Package: /a Status: install ok installed' >>"$root/var/lib/dpkg/status"
    echo >>"$root/var/lib/dpkg/status"
    file=$root/var/lib/dpkg/info/$name
    [ "$(dpkg-deb -f "$(deb "$name")" Multi-Arch)" != same ] || file+=:amd64
    dpkg-deb --fsys-tarfile "$(deb "$name")" | tar -t | sed 's|^\.||; s|/$||; s|^$|/.|' >"$file.list"
    dpkg-deb -I "$(deb "$name")" md5sums >"$file.md5sums" 2>/dev/null || rm -f "$file.md5sums"
  done
}

# status_d ROOT PACKAGE... : the same as distroless images have it, one file for each package.
status_d() {
  local root=$1 name
  shift
  mkdir -p "$root/var/lib/dpkg/status.d"
  for name; do
    dpkg-deb -f "$(deb "$name")" >"$root/var/lib/dpkg/status.d/$name"
    dpkg-deb -I "$(deb "$name")" md5sums >"$root/var/lib/dpkg/status.d/$name.md5sums"
  done
}

accounts() { printf '%s\n' "${@:2}" >"$1"; }

# --- Layers and images -------------------------------------------------------------------------------------------

# start NAME TAG CREATED: an empty image in the layout $work/NAME; sets `layout`, `tag`, `created`.
start() {
  layout=$work/layouts/$1 tag=$2 created=$3
  mkdir -p "$work/layouts"
  umoci init --layout "$layout"
  umoci new --image "$layout:$tag"
  umoci config --image "$layout:$tag" --no-history --created "$created" --os linux --architecture amd64
}

# layer ROOT WORDS: a layer of everything below ROOT, no file younger than the image.
layer() {
  tar -c -C "$1" --sort=name --numeric-owner --clamp-mtime --mtime="$created" --format=posix \
    --xattrs --xattrs-include=security.capability \
    --pax-option='delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f' -f "$1.tar" .
  umoci raw add-layer --image "$layout:$tag" --history.created "$created" --history.created_by "$2" "$1.tar"
}

# setting WORDS OPTION...: a change of the configuration with its step in the history.
setting() { umoci config --image "$layout:$tag" --created "$created" --history.created "$created" \
  --history.created_by "$1" "${@:2}"; }

manifest_of() { jq -r '.manifests[0].digest' "$1/index.json"; }
diff_ids_of() { skopeo inspect --config "oci:$1:$2" | jq -r '.rootfs.diff_ids[]'; }

# finish REFERENCE: under its full name, without what is no part of it any more.
finish() {
  umoci gc --layout "$layout"
  jq -cj --arg name "$1" '.manifests[0].annotations["org.opencontainers.image.ref.name"] = $name' \
    "$layout/index.json" >"$layout/index.new"
  mv "$layout/index.new" "$layout/index.json"
}

runtime_created=2026-07-15T06:00:00Z
runtime=(base-files netbase tzdata ca-certificates libc6)
runtime_layer() {
  local root=$work/runtime
  if [ ! -d "$root" ]; then
    unpack "$root" "${runtime[@]}"
    mkdir -p "$root/etc/ssl/certs"
    find "$root/usr/share/ca-certificates" -name '*.crt' -print0 | sort -z | xargs -0 cat \
      >"$root/etc/ssl/certs/ca-certificates.crt"
    rm -rf "$root/usr/share/"{ca-certificates,man} "$root/usr/sbin/"{update-ca-certificates,iconvconfig,tzconfig} \
      "$root/usr/bin/"{catchsegv,getconf,getent,iconv,ldd,locale,localedef,pldd,tzselect,zdump}
    accounts "$root/etc/passwd" 'root:x:0:0:root:/root:/sbin/nologin' \
      'nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin' \
      'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin'
    accounts "$root/etc/group" 'root:x:0:' 'nobody:x:65534:' 'nonroot:x:65532:'
    status_d "$root" "${runtime[@]}"
  fi
  layer "$root" 'COPY runtime/ / # Debian 12 without shell and package manager'
}

base_runtime() {
  start runtime 12 $runtime_created
  runtime_layer
  finish registry.harbour.example/base/runtime:12
}

bookings_api() {
  start bookings-api 7.4.2 2026-08-11T09:15:00Z
  created=$runtime_created runtime_layer
  mkdir -p "$work/app/app"
  (cd "$samples/sources/bookings-api" && CGO_ENABLED=0 GOOS=linux GOARCH=amd64 GOAMD64=v1 GOTOOLCHAIN=local \
    GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$work/app/app/bookings-api" .)
  layer "$work/app" 'COPY /app/bookings-api /app/bookings-api'
  setting 'EXPOSE map[8080/tcp:{} 9090/tcp:{}]' --config.exposedports 8080/tcp --config.exposedports 9090/tcp
  setting 'USER 10201:10201' --config.user 10201:10201
  setting 'LABEL org.opencontainers.image.title=bookings-api' \
    --config.label org.opencontainers.image.title=bookings-api \
    --config.label org.opencontainers.image.version=7.4.2 \
    --config.label org.opencontainers.image.source=https://git.harbour.example/core/bookings-api \
    --config.label org.opencontainers.image.revision=5d41402abc4b2a76b9719d911017c592aa8e1f07 \
    --config.label org.opencontainers.image.licenses=Apache-2.0 \
    --config.label org.opencontainers.image.base.name=registry.harbour.example/base/runtime:12 \
    --config.label "org.opencontainers.image.base.digest=$(manifest_of "$work/layouts/runtime")"
  setting 'ENTRYPOINT ["/app/bookings-api"]' --config.entrypoint /app/bookings-api \
    --config.env PATH=/usr/local/bin:/usr/bin:/bin --config.env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    --config.workingdir /
  finish registry.harbour.example/core/bookings-api:7.4.2
}

wait_for() {
  start wait-for 1.4.0 2026-07-20T14:30:00Z
  created=$runtime_created runtime_layer
  local root=$work/wait-for
  mkdir -p "$root/etc" "$root/usr/bin"
  unpack "$root" busybox-static
  rm -r "$root/"{bin,lib,lib64,sbin} "$root/usr/"{lib,lib64,sbin,share}
  ln -s busybox "$root/usr/bin/sh"
  ln -s busybox "$root/usr/bin/nc"
  ln -s busybox "$root/usr/bin/sleep"
  install -m 755 "$samples/sources/wait-for/wait-for" "$root/usr/bin/wait-for"
  cp -p "$work/runtime/etc/passwd" "$work/runtime/etc/group" "$root/etc/"
  echo 'waiter:x:10001:10001:waits for services:/nonexistent:/sbin/nologin' >>"$root/etc/passwd"
  echo 'waiter:x:10001:' >>"$root/etc/group"
  status_d "$root" busybox-static
  layer "$root" 'COPY busybox wait-for /usr/bin/'
  setting 'USER waiter' --config.user waiter
  setting 'LABEL org.opencontainers.image.title=wait-for' --config.label org.opencontainers.image.title=wait-for \
    --config.label org.opencontainers.image.version=1.4.0
  setting 'ENTRYPOINT ["/usr/bin/wait-for"]' --config.entrypoint /usr/bin/wait-for --config.env PATH=/usr/bin:/bin
  finish registry.harbour.example/base/wait-for:1.4.0
}

debian=(base-files base-passwd libc6 libtinfo6 zlib1g libcrypt1 bash dash debianutils dpkg apt login passwd mount)
debian_layer() {
  local root=$work/debian
  if [ ! -d "$root" ]; then
    unpack "$root" "${debian[@]}"
    ln -sf dash "$root/usr/bin/sh"
    cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
    cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
    sed 's/:.*/:*:19600:0:99999:7:::/' "$root/etc/passwd" >"$root/etc/shadow"
    chmod 640 "$root/etc/shadow" && chown 0:42 "$root/etc/shadow"
    dpkg_database "$root" "${debian[@]}"
  fi
  layer "$root" 'ADD file:9d4f1c6e5b0d in /'
}

base_debian() {
  start debian 12 2023-09-20T00:00:00Z
  debian_layer
  setting 'CMD ["bash"]' --config.cmd bash
  finish registry.harbour.example/base/debian:12
}

added=(curl netcat-openbsd iputils-ping sudo)
legacy_importer() {
  start importer 2021-06 2023-10-09T16:42:10Z
  created=2023-09-20T00:00:00Z debian_layer
  setting 'CMD ["bash"]' --config.cmd bash
  setting 'MAINTAINER import@harbour.example' --author import@harbour.example
  setting 'ENV MAINFRAME_PASSWORD=example-only-0000' --config.env MAINFRAME_PASSWORD=example-only-0000 \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

  local root=$work/importer-lists
  mkdir -p "$root/var/lib/apt/lists"
  printf 'Origin: Debian\nSuite: oldstable\nCodename: bookworm\n' \
    >"$root/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_Release"
  layer "$root" 'RUN /bin/sh -c apt-get update'

  root=$work/importer-packages
  unpack "$root" "${added[@]}"
  rm "$root/"{bin,lib,lib64,sbin}
  rmdir --ignore-fail-on-non-empty "$root/usr/lib64"
  setcap cap_net_raw+ep "$root/usr/bin/ping"
  ln -s nc.openbsd "$root/usr/bin/nc"
  mkdir -p "$root/var/lib/dpkg/info" "$root/var/cache/apt/archives"
  cp -p "$work/debian/var/lib/dpkg/status" "$root/var/lib/dpkg/"
  dpkg_database "$root" "${added[@]}"
  cp "$(deb netcat-openbsd)" "$root/var/cache/apt/archives/"
  layer "$root" "RUN /bin/sh -c apt-get install -y ${added[*]}"

  root=$work/importer-tools
  mkdir -p "$root/opt/import"
  printf 'stands for an archive that the build fetches and nobody verifies\n' >"$root/opt/import/tools.tar"
  layer "$root" 'ADD https://files.harbour.example/import/tools.tar /opt/import/'

  root=$work/importer-files
  mkdir -p "$root/opt/import/.ssh" "$root/opt/import/work" "$root/etc"
  printf '#!/bin/sh\nexec curl -sk "https://$1/export" -o /drop/export.csv\n' >"$root/opt/import/run"
  printf '#!/bin/sh\nwhile ! /opt/import/run mainframe; do sleep 60; done\n' >"$root/opt/import/retry"
  chmod 755 "$root/opt/import/run" "$root/opt/import/retry"
  local key='OPENSSH PRIVATE KEY'
  printf -- '-----BEGIN %s-----\n%s\n-----END %s-----\n' "$key" \
    "$(printf 'made up for the samples, opens nothing; %.0s' {1..6} | base64 -w 70)" "$key" >"$root/opt/import/.ssh/id_ed25519"
  chmod 600 "$root/opt/import/.ssh/id_ed25519"
  printf 'MAINFRAME_HOST=mainframe\nMAINFRAME_PASSWORD=opens-nothing-4711\n' >"$root/opt/import/.env"
  { cat "$work/debian/etc/passwd"
    echo 'harbour:x:0:0:import of bookings:/opt/import:/bin/bash'; } >"$root/etc/passwd"
  { cat "$work/debian/etc/shadow"
    echo 'harbour::19600:0:99999:7:::'; } >"$root/etc/shadow"
  chmod 640 "$root/etc/shadow" && chown 0:42 "$root/etc/shadow"
  layer "$root" 'COPY dir:0c1f6b2a77ce in /opt/import'

  root=$work/importer-removed
  mkdir -p "$root/opt/import/.ssh" "$root/opt/import/work"
  touch "$root/opt/import/.ssh/.wh.id_ed25519"
  chmod 777 "$root/opt/import/work"
  layer "$root" 'RUN /bin/sh -c rm -f /opt/import/.ssh/id_ed25519 && chmod 777 /opt/import/work'
  setting 'EXPOSE map[22/tcp:{} 8021/tcp:{}]' --config.exposedports 22/tcp --config.exposedports 8021/tcp
  setting 'VOLUME [/drop]' --config.volume /drop
  setting 'CMD ["/bin/sh" "-c" "/opt/import/run mainframe"]' --config.cmd /bin/sh --config.cmd -c \
    --config.cmd '/opt/import/run mainframe'
  finish registry.harbour.example/legacy/importer:2021-06
}

# --- What is handed in, and the files that name it ---------------------------------------------------------------

hand_in() {
  rm -rf "$images/bookings-api" "$images/wait-for.tar" "$images/legacy-importer.tar.gz"
  cp -r "$work/layouts/bookings-api" "$images/bookings-api"
  tar -c -C "$work/layouts/wait-for" --sort=name --owner=0 --group=0 --numeric-owner --mode=a+rX \
    --mtime=2026-07-20T14:30:00Z --format=ustar -f "$images/wait-for.tar" blobs index.json oci-layout
  skopeo copy -q "oci:$work/layouts/importer:registry.harbour.example/legacy/importer:2021-06" \
    "docker-archive:$work/importer.tar:registry.harbour.example/legacy/importer:2021-06"
  gzip -9n <"$work/importer.tar" >"$images/legacy-importer.tar.gz"
  # packages carry modes that are not meant for a checkout
  find "$images" -type d -exec chmod 755 {} + && find "$images" -type f ! -name '*.sh' -exec chmod 644 {} +
}

# collected: the record that `compliance collect image` would have written of bookings-api.
collected() {
  local layout=images/bookings-api reference=registry.harbour.example/core/bookings-api:7.4.2
  mkdir -p "$samples/collected"
  (cd "$samples" && find $layout -type f -printf '%p %s\n' | sort |
    while read -r file size; do
      jq -n --arg path "$file" --arg sha256 "$(sha256sum "$file" | cut -d' ' -f1)" --argjson size "$size" '$ARGS.named'
    done) |
    jq -s --indent 1 --arg reference "$reference" --arg layout "$layout" '{
      format: "compliance-collection/1", what: "image", reference: $reference,
      tool: {name: "skopeo", version: "1.9.3"},
      commands: [{
        arguments: ["skopeo", "--override-os", "linux", "copy", "--quiet", "--preserve-digests",
          "docker://\($reference)", "oci:\($layout):\($reference)"],
        started: "2026-08-20T10:00:04Z", ended: "2026-08-20T10:00:11Z", exit_code: 0}],
      files: .}' >"$samples/collected/bookings-api.json"
}

# pin REFERENCE DIGEST: wherever the samples name the image with a digest.
pin() {
  local name=${1%:*}
  sed -i -E "s#($1)@sha256:[0-9a-f]{64}#\1@$2#g; s#($name)@sha256:[0-9a-f]{64}#\1@$2#g" \
    "$samples"/manifests/*.yaml "$samples"/cluster/objects.json "$samples"/sources/*/Dockerfile
}

base_runtime
bookings_api
wait_for
base_debian
legacy_importer
hand_in
collected
pin registry.harbour.example/core/bookings-api:7.4.2 "$(manifest_of "$work/layouts/bookings-api")"
pin registry.harbour.example/base/wait-for:1.4.0 "$(manifest_of "$work/layouts/wait-for")"
pin registry.harbour.example/base/runtime:12 "$(manifest_of "$work/layouts/runtime")"
pin registry.harbour.example/legacy/importer:2021-06 "$(manifest_of "$work/layouts/importer")"
# The containers of the build host run images by their configuration's digest.
config_of() { jq -r .config.digest "$1/blobs/sha256/$(manifest_of "$1" | cut -d: -f2)"; }
jq --indent 4 --arg api "$(config_of "$work/layouts/bookings-api")" \
  --arg importer "$(config_of "$work/layouts/importer")" \
  'map(.Image = if .Name == "/importer-nightly" then $importer else $api end)' \
  "$samples/docker/containers.json" >"$work/containers.json"
cat "$work/containers.json" >"$samples/docker/containers.json"
echo "diff ids of the bases, for base_images in compliance.yaml:"
for base in runtime debian; do
  echo "$base:12 $(diff_ids_of "$work/layouts/$base" "registry.harbour.example/base/$base:12")"
done
[ "$what" = images ] || "$images/sboms.sh" "$work/layouts/debian"
echo "now sign them anew: samples/proof/build.sh"
