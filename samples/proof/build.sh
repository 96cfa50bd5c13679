#!/usr/bin/env bash
# Signs the sample images anew with throw-away keys: samples/README.md says what comes out.
#
#   samples/proof/build.sh       needs cosign 3, kyverno, crane (each by go install), skopeo, and ../.venv
#
# Every run makes other keys, so every signature changes; the images' digests do not. Private keys die with the run.
set -euo pipefail
export LC_ALL=C TZ=UTC COSIGN_PASSWORD=
umask 022

proof=$(cd "$(dirname "$0")" && pwd)
samples=$(dirname "$proof")
python=$samples/../.venv/bin/python
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

# --- A registry that answers to the made-up name: as HTTP proxy of whoever asks for it ----------------------------

address=127.0.0.1:${PORT:-5917}
registry=registry.harbour.example
crane registry serve --address "$address" >"$work/registry.log" 2>&1 &
for _ in $(seq 50); do curl -sf --noproxy '*' "http://$address/v2/" >/dev/null && break || sleep 0.1; done
push() { skopeo copy -q --preserve-digests --dest-tls-verify=false "$1" "docker://$address/$2"; }

api=core/bookings-api waiter=base/wait-for
push "oci:$samples/images/bookings-api" "$api:7.4.2"
"$python" "$proof/assemble.py" plain "$samples/images/wait-for.tar" "$work/wait-for"
push "oci:$work/wait-for" "$waiter:1.4.0"
digest_of() { skopeo inspect --raw --tls-verify=false "docker://$address/$1" | sha256sum | cut -d' ' -f1; }
api_digest=sha256:$(digest_of "$api:7.4.2") waiter_digest=sha256:$(digest_of "$waiter:1.4.0")

# --- Keys, and what cosign signs with them ------------------------------------------------------------------------

for name in release contractor; do (cd "$work" && cosign generate-key-pair --output-key-prefix "$name" 2>/dev/null); done
mkdir -p "$proof/keys" && cp "$work/release.pub" "$work/contractor.pub" "$proof/keys/"

# signed KEY COMMAND...: cosign without a log and without a timestamp, against the registry.
signed() {
  local key=$1
  shift
  HTTP_PROXY=http://$address NO_PROXY='' no_proxy='' cosign "$@" --key "$work/$key.key" --use-signing-config=false \
    --tlog-upload=false --allow-http-registry --allow-insecure-registry -y 2>>"$work/cosign.log"
}
signed release sign --new-bundle-format=false "$registry/$api@$api_digest"
signed release sign --new-bundle-format=true "$registry/$api@$api_digest"
"$python" "$proof/assemble.py" provenance "$samples" "$work/provenance.json"
signed release attest --new-bundle-format=true --type slsaprovenance1 --predicate "$work/provenance.json" \
  "$registry/$api@$api_digest"
signed release attest --new-bundle-format=true --type cyclonedx --predicate "$samples/sboms/bookings-api.cdx.json" \
  "$registry/$api@$api_digest"
signed release attest --new-bundle-format=false --type openvex --predicate "$proof/vex/bookings-api.openvex.json" \
  "$registry/$api@$api_digest"
signed contractor sign --new-bundle-format=false "$registry/$waiter@$waiter_digest"

# --- Out of the registry into files: a layout of proof alone, and the archive of wait-for with what hangs on it ----

"$python" "$proof/assemble.py" pull "http://$address" "$registry/$api" "$api_digest" "$proof/registry"
"$python" "$proof/assemble.py" archive "http://$address" "$registry/$waiter:1.4.0" "$waiter_digest" "$work/wait-for" \
  "$samples/images/wait-for.tar"
"$python" "$proof/assemble.py" lines "$samples" "$api_digest" "$waiter_digest" "$proof/keys/pipeline.pub" \
  "$proof/attestations.jsonl"

# --- The gate: Kyverno's own command line judges the pods by the policies of manifests/81-admission.yaml -----------

"$python" "$proof/assemble.py" policies "$samples" "$proof/keys/release.pub" "$work/policies.yaml" "$work/pods.yaml"
HTTP_PROXY=http://$address NO_PROXY='' no_proxy='' kyverno apply "$work/policies.yaml" --resource "$work/pods.yaml" \
  --registry --policy-report --output-format yaml >"$work/report.txt" 2>"$work/kyverno.log" || true
"$python" "$proof/assemble.py" report "$work/report.txt" "$proof/policy-reports/kyverno.yaml"
chmod -R a+rX "$proof"
