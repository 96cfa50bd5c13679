"""Files are recognised by content alone."""

from __future__ import annotations

import json

import pytest

from compliance.evidence.kubernetes import READER
from tests.evidence.kubernetes.reading import pod_text, read_all

_POD = pod_text()
_JSON = json.dumps({"apiVersion": "v1", "items": [{"apiVersion": "v1", "kind": "Pod"}], "kind": "List"})


@pytest.mark.parametrize(
    "data",
    [
        _POD.encode(),
        b"\xef\xbb\xbf" + _POD.encode(),
        _POD.replace("\n", "\r\n").encode(),
        ("# comment\n---\n" + _POD).encode(),
        ("%YAML 1.1\n---\n" + _POD).encode(),
        _POD.encode("utf-16"),
        _POD.encode("utf-16-be"),
        b"{apiVersion: v1, kind: Pod}\n",
        b"- apiVersion: v1\n  kind: Pod\n",
        _JSON.encode(),
        json.dumps(json.loads(_JSON), indent=4).encode(),
        b'[{"apiVersion": "v1", "kind": "Pod"}]',
        b"{{- if .Values.on }}\napiVersion: apps/v1\nkind: Deployment\n{{- end }}\n",
        b"apiVersion: v1\ndata:\n  x: |\n" + b"    y\n" * 20_000 + b"kind: ConfigMap\n",
        b'{"apiVersion":"v1","items":[{"metadata":{"x":"' + b"y" * 70_000 + b'"}}],"kind":"List"}',
    ],
)
def test_objects_are_recognised(data: bytes) -> None:
    """YAML, JSON, lists, template text and other encodings of objects are ours."""
    assert READER.identify(data[: 64 * 1024])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello\n",
        b"\x00\x01\x02",
        b"\x1f\x8b\x08\x00",
        b"services:\n  web:\n    image: nginx\n",
        b"apiVersion: v2\nname: chart\nversion: 1.0.0\n",
        b"# Title\n\nSome prose.\n\n```yaml\napiVersion: v1\nkind: Pod\n```\n",
        b"#!/bin/sh\ncat <<EOF\napiVersion: v1\nkind: Pod\nEOF\n",
        b'{"bomFormat": "CycloneDX", "components": [{"apiVersion": "v1", "kind": "Pod"}]}',
        b'{"a": "\\"apiVersion\\": 1, \\"kind\\": 2"}',
        b"on:\n  push:\njobs:\n  x:\n    run: |\n      apiVersion\n",
    ],
)
def test_other_files_are_not_ours(data: bytes) -> None:
    """Text that only mentions manifests, and other formats, are left to others."""
    assert not READER.identify(data)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_wide_text_is_refused_in_words(codec: str) -> None:
    """UTF-16 is recognised, and unreadable with the way to convert it."""
    records, (error,) = read_all(_POD.encode(codec))
    assert not records
    assert "UTF-8" in error.message
    assert "iconv" in error.message


def test_templates_are_refused_and_what_follows_is_read() -> None:
    """Helm template text says what to do; a plain document in the same file is read."""
    text = f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {{{{ .Release.Name }}}}\n---\n{_POD}"
    records, (error,) = read_all(text)
    assert len(records) == 1
    assert "helm template" in error.message
    assert (error.line, error.document, error.kind) == (4, 0, "Service")


def test_quoted_template_text_is_no_manifest_either() -> None:
    """A template that happens to parse is not judged as if it were rendered."""
    records, (error,) = read_all(_POD.replace("image: app", 'image: "{{ .Values.image }}"'))
    assert not records
    assert "helm template" in error.message


def test_texts_of_other_programs_may_hold_braces() -> None:
    """A ConfigMap of Go templates, and Argo's parameters, are no Helm templates."""
    text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {t: "{{ .Values.x }}"}\n'
    assert read_all(text)[1] == []
    assert read_all(_POD.replace("image: app", 'image: app, args: ["{{ inputs.parameters.x }}"]'))[1] == []
