"""One SBOM in each notation: CycloneDX as JSON and XML, SPDX 2.3 as JSON and tag-value text, SPDX 3 as JSON-LD."""

from __future__ import annotations

import json

DIGEST = "sha256:" + "ab" * 32
_SUM = "c0" * 32

CYCLONEDX = json.dumps(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "version": 2,
        "metadata": {
            "timestamp": "2026-08-20T00:05:00Z",
            "lifecycles": [{"phase": "build"}, {"name": "nightly"}],
            "tools": {"components": [{"type": "application", "name": "syft", "version": "1.18.1"}]},
            "authors": [{"name": "Release team", "email": "release@harbour.example"}],
            "component": {
                "bom-ref": "app",
                "type": "container",
                "name": "registry.harbour.example/app:1.0",
                "properties": [{"name": "aquasecurity:trivy:ImageID", "value": DIGEST}],
            },
            "manufacturer": {"name": ""},
            "supplier": {"name": "Harbour"},
        },
        "components": [
            {
                "bom-ref": "a",
                "type": "library",
                "supplier": {"name": "Debian"},
                "authors": [{"name": "A. Author"}],
                "name": "libc6",
                "version": "2.36-9",
                "hashes": [{"alg": "SHA-256", "content": _SUM}],
                "licenses": [{"license": {"id": "LGPL-2.1-or-later", "acknowledgement": "declared"}}],
                "cpe": "cpe:2.3:a:gnu:glibc:2.36:*:*:*:*:*:*:*",
                "purl": "pkg:deb/debian/libc6@2.36-9",
            },
            {
                "bom-ref": "b",
                "type": "library",
                "publisher": "Matthias <m@debian.example> & others",
                "name": "bash",
                "version": "5.2",
                "licenses": [{"expression": "GPL-3.0-or-later", "acknowledgement": "concluded"}],
                "purl": "pkg:deb/debian/bash@5.2",
                "components": [
                    {"type": "library", "group": "@babel", "name": "core", "licenses": [{"license": {"name": "Own"}}],
                     "swid": {"tagId": "swidgen-1", "name": "core"},
                     "swhid": ["swh:1:cnt:94a9ed024d3859793618152ea559a168bbcbb5e2"]}
                ],
            },
            {"bom-ref": "os", "type": "operating-system", "name": "debian", "version": "12"},
        ],
        "services": [{"bom-ref": "s", "name": "store"}],
        "dependencies": [{"ref": "app", "dependsOn": ["a", "b", "s"]},
                         {"ref": "b", "dependsOn": ["ghost"]}, {"ref": "a"}],
        "compositions": [{"aggregate": "incomplete", "assemblies": ["app"]}, {"aggregate": "unknown"}],
        "signature": {"algorithm": "ES256", "value": "AA"},
    }
).encode()  # fmt: skip

CYCLONEDX_XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<bom xmlns="http://cyclonedx.org/schema/bom/1.6"
     serialNumber="urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79" version="2">
  <metadata>
    <timestamp>2026-08-20T00:05:00Z</timestamp>
    <lifecycles><lifecycle><phase>build</phase></lifecycle><lifecycle><name>nightly</name></lifecycle></lifecycles>
    <tools><components>
      <component type="application"><name>syft</name><version>1.18.1</version></component>
    </components></tools>
    <authors><author><name>Release team</name><email>release@harbour.example</email></author></authors>
    <component type="container" bom-ref="app">
      <name>registry.harbour.example/app:1.0</name>
      <properties>
        <property name="aquasecurity:trivy:ImageID">{DIGEST}</property>
      </properties>
    </component>
    <manufacturer><name/></manufacturer>
    <supplier><name>Harbour</name><url>https://harbour.example</url></supplier>
  </metadata>
  <components>
    <component type="library" bom-ref="a">
      <supplier><name>Debian</name></supplier>
      <authors><author><name>A. Author</name></author></authors>
      <name>libc6</name>
      <version>2.36-9</version>
      <description>The C library, <![CDATA[<name>not a name</name>]]></description>
      <hashes><hash alg="SHA-256">{_SUM}</hash></hashes>
      <licenses><license acknowledgement="declared"><id>LGPL-2.1-or-later</id></license></licenses>
      <cpe>cpe:2.3:a:gnu:glibc:2.36:*:*:*:*:*:*:*</cpe>
      <purl>pkg:deb/debian/libc6@2.36-9</purl>
      <evidence><licenses><license><id>MIT</id></license></licenses></evidence>
    </component>
    <component type="library" bom-ref="b">
      <publisher>Matthias &lt;m@debian.example&gt; &amp; others</publisher>
      <name>bash</name>
      <version>5.2</version>
      <licenses><expression acknowledgement="concluded">GPL-3.0-or-later</expression></licenses>
      <purl>pkg:deb/debian/bash@5.2</purl>
      <components>
        <component type="library">
          <group>@babel</group>
          <name>core</name>
          <licenses><license><name>Own</name></license></licenses>
          <swid tagId="swidgen-1" name="core"/>
          <swhid>swh:1:cnt:94a9ed024d3859793618152ea559a168bbcbb5e2</swhid>
        </component>
      </components>
      <x:note xmlns:x="https://harbour.example/notes"><name>of another namespace</name></x:note>
    </component>
    <component type="operating-system" bom-ref="os"><name>debian</name><version>12</version></component>
  </components>
  <services><service bom-ref="s"><name>store</name></service></services>
  <dependencies>
    <dependency ref="app"><dependency ref="a"/><dependency ref="b"/><dependency ref="s"/></dependency>
    <dependency ref="b"><dependency ref="ghost"/></dependency>
    <dependency ref="a"/>
  </dependencies>
  <compositions>
    <composition><aggregate>incomplete</aggregate><assemblies><assembly ref="app"/></assemblies></composition>
    <composition><aggregate>unknown</aggregate></composition>
  </compositions>
  <Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignatureValue>AA==</SignatureValue></Signature>
</bom>
""".encode()

SPDX = json.dumps(
    {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "dataLicense": "CC0-1.0",
        "name": "app",
        "documentNamespace": "https://harbour.example/sbom/app-1",
        "creationInfo": {
            "created": "2026-08-20T00:05:00Z",
            "creators": ["Organization: Harbour (release@harbour.example)", "Tool: trivy-0.76.0"],
            "comment": "SBOM Type: Build\nPackageVersion: 9 (not a tag)",
        },
        "packages": [
            {
                "SPDXID": "SPDXRef-app",
                "name": "registry.harbour.example/app",
                "downloadLocation": "NONE",
                "primaryPackagePurpose": "CONTAINER",
                "annotations": [{"comment": f"ImageID: {DIGEST}"}, {"comment": "DiffID: sha256:" + "cd" * 32}],
            },
            {
                "SPDXID": "SPDXRef-a",
                "name": "libc6",
                "versionInfo": "2.36-9",
                "supplier": "Organization: Debian",
                "licenseDeclared": "LGPL-2.1-or-later",
                "licenseConcluded": "NOASSERTION",
                "checksums": [
                    {"algorithm": "SHA1", "checksumValue": "0" * 40},
                    {"algorithm": "SHA256", "checksumValue": _SUM},
                ],
                "externalRefs": [
                    {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:gnu:glibc:2.36:*:*:*:*:*:*:*"},
                    {"referenceType": "purl", "referenceLocator": "pkg:deb/debian/libc6@2.36-9"},
                ],
            },
            {
                "SPDXID": "SPDXRef-b",
                "name": "bash",
                "versionInfo": "5.2",
                "supplier": "NOASSERTION",
                "originator": "Person: M. Klose",
                "packageVerificationCode": {"packageVerificationCodeValue": "d6" * 20},
            },
        ],
        "files": [{"SPDXID": "SPDXRef-f", "fileName": "./bin/bash"}],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-app"},
            {"spdxElementId": "SPDXRef-app", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-a"},
            {"spdxElementId": "SPDXRef-b", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-f"},
            {"spdxElementId": "SPDXRef-b", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-ghost"},
        ],
    }
).encode()

SPDX_TAG_VALUE = f"""SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: app
DocumentNamespace: https://harbour.example/sbom/app-1
Creator: Organization: Harbour (release@harbour.example)
Creator: Tool: trivy-0.76.0
Created: 2026-08-20T00:05:00Z
CreatorComment: <text>SBOM Type: Build
PackageVersion: 9 (not a tag)</text>

##### Packages

PackageName: registry.harbour.example/app
SPDXID: SPDXRef-app
PackageDownloadLocation: NONE
PrimaryPackagePurpose: CONTAINER
Annotator: Tool: trivy-0.76.0
AnnotationDate: 2026-08-20T00:05:00Z
AnnotationType: OTHER
SPDXREF: SPDXRef-app
AnnotationComment: <text>ImageID: {DIGEST}</text>

PackageName: libc6
SPDXID: SPDXRef-a
PackageVersion: 2.36-9
PackageSupplier: Organization: Debian
PackageLicenseDeclared: LGPL-2.1-or-later
PackageLicenseConcluded: NOASSERTION
PackageChecksum: SHA1: {"0" * 40}
PackageChecksum: SHA256: {_SUM}
PackageDescription: <text>
PackageName: not a package
</text>
ExternalRef: SECURITY cpe23Type cpe:2.3:a:gnu:glibc:2.36:*:*:*:*:*:*:*
ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/libc6@2.36-9

PackageName: bash
SPDXID: SPDXRef-b
PackageVersion: 5.2
PackageSupplier: NOASSERTION
PackageOriginator: Person: M. Klose
PackageVerificationCode: {"d6" * 20} (excludes: ./package.spdx)

FileName: ./bin/bash
SPDXID: SPDXRef-f
PackageVersion: of no package

Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-app
Relationship: SPDXRef-app CONTAINS SPDXRef-a
Relationship: SPDXRef-b CONTAINS SPDXRef-f
Relationship: SPDXRef-b DEPENDS_ON SPDXRef-ghost

Annotator: Tool: trivy-0.76.0
AnnotationComment: DiffID: sha256:{"cd" * 32}
SPDXREF: SPDXRef-app
""".encode()

SPDX3 = json.dumps(
    {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "CreationInfo", "@id": "_:made", "specVersion": "3.0.1", "created": "2026-08-20T00:05:00Z",
             "createdBy": ["urn:x:harbour"], "createdUsing": ["urn:x:syft"]},
            {"type": "Organization", "spdxId": "urn:x:harbour", "name": "Harbour", "creationInfo": "_:made"},
            {"type": "Organization", "spdxId": "urn:x:debian", "name": "Debian", "creationInfo": "_:made"},
            {"type": "Tool", "spdxId": "urn:x:syft", "name": "syft-1.18.1", "creationInfo": "_:made"},
            {"type": "SpdxDocument", "spdxId": "urn:x:doc", "name": "app", "creationInfo": "_:made",
             "rootElement": ["urn:x:bom"], "import": [{"externalSpdxId": "urn:y:base"}]},
            {"type": "software_Sbom", "spdxId": "urn:x:bom", "software_sbomType": ["build"],
             "rootElement": ["urn:x:app"]},
            {"type": "software_Package", "spdxId": "urn:x:app", "name": "app", "software_packageVersion": "1.0",
             "software_primaryPurpose": "container", "verifiedUsing": [{"type": "Hash", "algorithm": "sha256",
             "hashValue": DIGEST.removeprefix("sha256:")}]},
            {"type": "Hash", "@id": "_:sum", "algorithm": "sha256", "hashValue": _SUM},
            {"type": "software_Package", "spdxId": "urn:x:a", "name": "libc6", "software_packageVersion": "2.36-9",
             "software_packageUrl": "pkg:deb/debian/libc6@2.36-9", "suppliedBy": "urn:x:debian",
             "verifiedUsing": ["_:sum"]},
            {"type": "software_Package", "spdxId": "urn:x:b", "name": "bash", "software_packageVersion": "5.2",
             "externalIdentifier": [{"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl",
             "identifier": "pkg:deb/debian/bash@5.2"}]},
            {"type": "simplelicensing_LicenseExpression", "spdxId": "urn:x:licence",
             "simplelicensing_licenseExpression": "LGPL-2.1-or-later"},
            {"type": "Relationship", "spdxId": "urn:x:r1", "from": "urn:x:a", "to": ["urn:x:licence"],
             "relationshipType": "hasDeclaredLicense"},
            {"type": "Relationship", "spdxId": "urn:x:r2", "from": "urn:x:b",
             "to": ["https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense"],
             "relationshipType": "hasDeclaredLicense"},
            {"type": "LifecycleScopedRelationship", "spdxId": "urn:x:r3", "from": "urn:x:app",
             "to": ["urn:x:a", "urn:x:b", "urn:y:base"], "relationshipType": "dependsOn"},
        ],
    },
    indent=1,
).encode()  # fmt: skip
