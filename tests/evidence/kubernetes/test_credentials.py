"""Credentials are recognised and never leave the reader: not in records, not in reasons, not in shown lines."""

from __future__ import annotations

import base64
import json

import pytest

from compliance.evidence.credentials import redact_arguments, suspicion, text_suspicion
from compliance.evidence.records import encode
from compliance.evidence.redaction import redact_line, redact_lines
from compliance.model.cluster import ConfigMap, Secret
from compliance.model.workload import Pod
from tests.evidence.kubernetes.reading import one_pod, pod_text, read_all

_JWT = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "c2lnbmF0dXJlLXNpZ25hdHVyZQ"])
_SUSPECT = [
    ("X", "-----BEGIN RSA PRIVATE KEY-----\nMIIE", "private key"),
    ("X", "AKIA" + "ABCDEFGHIJKLMNOP", "AWS"),
    ("X", "AIza" + "a" * 35, "Google"),
    ("X", '{"type": "service_account", "x": 1}', "Google"),
    ("X", "ghp_" + "a1" * 18, "GitHub"),
    ("X", "glpat-" + "a1" * 10, "GitLab"),
    ("X", "xoxb-" + "1234567890-abc", "Slack"),
    ("X", _JWT, "web token"),
    ("X", "postgres://app:s3cr3t@db/app", "URL with a password"),
    ("X", "Server=db;Password=s3cr3t;", "holds a password"),
    ("DB_PASSWORD", "hunter2", "name"),
    ("API_TOKEN", "abc", "name"),
    ("apiKey", "abc", "name"),
    ("AWS_SECRET_ACCESS_KEY", "abc", "name"),
    ("client-secret", "abc", "name"),
    ("MYSQL_ROOT_PASSWORD", "12345678", "name"),
]
_HARMLESS = [
    ("DB_PASSWORD_FILE", "/run/secrets/db"),
    ("DB_PASSWORD", "/run/secrets/db"),
    ("DB_PASSWORD", "$(DB_PASS)"),
    ("DB_PASSWORD", "${DB_PASS}"),
    ("DB_PASSWORD", ""),
    ("TOKEN_TTL", "3600"),
    ("ENABLE_TOKEN", "true"),
    ("TOKEN", "30s"),
    ("SECRET_NAME", "web-tls"),
    ("TOKEN_URL", "https://login.example/token"),
    ("MONKEY", "banana"),
    ("COMPASS", "north"),
    ("KEYBOARD", "us"),
    ("URL", "postgres://$(USER):$(PASS)@db/app"),
    ("IMAGE", "registry.example/app@sha256:" + "0" * 64),
]


@pytest.mark.parametrize(("name", "value", "words"), _SUSPECT)
def test_a_credential_is_suspected_without_its_value(name: str, value: str, words: str) -> None:
    """The reason names the kind of credential and holds none of it."""
    reason = suspicion(name, value)
    assert reason is not None
    assert words in reason
    assert value not in reason


@pytest.mark.parametrize(("name", "value"), _HARMLESS)
def test_references_paths_and_switches_are_no_credentials(name: str, value: str) -> None:
    """What only speaks of a credential is not suspected."""
    assert suspicion(name, value) is None


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--password=hunter2"], ["--password=<redacted>"]),
        (["--token", "hunter2", "--port", "80"], ["--token", "<redacted>", "--port", "80"]),
        (["--token-file", "/run/t"], ["--token-file", "/run/t"]),
        (["sh", "-c", "PASSWORD=hunter2 run --x"], ["sh", "-c", "PASSWORD=<redacted> run --x"]),
        (["--db=postgres://u:hunter2@h/db"], ["--db=<redacted>"]),
        (["--level=info", "serve"], ["--level=info", "serve"]),
    ],
)
def test_arguments_are_redacted(arguments: list[str], shown: list[str]) -> None:
    """Credentials in arguments are replaced, everything else stays."""
    redacted, why = redact_arguments(arguments)
    assert list(redacted) == shown
    assert bool(why) == (arguments != shown)
    assert not any("hunter2" in reason for reason in why)


def test_settings_in_a_text_are_looked_at() -> None:
    """A ConfigMap's file of settings is suspected by its lines."""
    assert text_suspicion("app.properties", "db.host=x\ndb.password=hunter2\n")
    assert text_suspicion("app.yaml", "db:\n  password: hunter2\n")
    assert text_suspicion("app.yaml", "db:\n  password: ${DB_PASSWORD}\n  passwordFile: /x\n") is None


_SECRETS = ["hunter2", "s3cr3t-two", "swordfish"]


def _everything() -> str:
    coded = base64.b64encode(b"hunter2").decode()
    applied = json.dumps({"kind": "Secret", "data": {"a": coded}, "stringData": {"b": "swordfish"}})
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  annotations:\n"
        "    kubectl.kubernetes.io/last-applied-configuration: |\n"
        f"      {applied}\ndata:\n  a: {coded}\nstringData:\n  b: swordfish\n"
    )
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  password: hunter2\n  plain: blue\n"
    pod = pod_text().replace(
        "image: app",
        "image: app, args: [--password=hunter2, --token, s3cr3t-two],"
        " env: [{name: DB_PASSWORD, value: swordfish}, {name: COLOUR, value: blue}]",
    )
    return f"{secret}---\n{config}---\n{pod}"


def test_no_record_holds_a_credential() -> None:
    """Values of Secrets, ConfigMaps, variables and arguments are nowhere in what leaves the reader."""
    records, errors = read_all(_everything())
    assert not errors
    kept = encode(records)
    coded = base64.b64encode(b"hunter2")
    assert not any(each.encode() in kept for each in _SECRETS)
    assert coded not in kept
    secret, config, pod = records
    assert isinstance(secret, Secret)
    assert (secret.type, secret.keys, secret.has_values) == ("Opaque", ("a", "b"), True)
    assert isinstance(config, ConfigMap)
    assert [key for key, _ in config.suspects] == ["password"]
    assert isinstance(pod, Pod)
    assert [each.suspect is not None for each in pod.containers[0].env] == [True, False]


def test_no_shown_line_holds_a_credential() -> None:
    """Lines for people keep their place and lose their credentials."""
    lines = _everything().split("\n")
    shown = redact_lines(lines)
    assert len(shown) == len(lines)
    assert not any(each in line for line in shown for each in [*_SECRETS, base64.b64encode(b"hunter2").decode()])
    assert "  plain: blue" in shown


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("order", [("kind", "data"), ("data", "kind")])
def test_secrets_in_json_are_redacted(indent: int | None, order: tuple[str, str]) -> None:
    """Every value of a Secret in a JSON dump, in any layout and order of keys."""
    both = {"kind": "Secret", "data": {"plain": "swordfish", "other": "hunter2"}, "metadata": {"name": "kept"}}
    secret = {key: both[key] for key in (*order, "metadata")}
    text = json.dumps({"kind": "List", "items": [secret, {"kind": "Pod", "spec": {"x": "seen"}}]}, indent=indent)
    shown = "\n".join(redact_lines(text.split("\n")))
    assert "swordfish" not in shown
    assert "hunter2" not in shown
    assert "kept" in shown
    assert "seen" in shown


def test_block_values_are_redacted_to_their_end() -> None:
    """A private key over many lines, and a variable whose name stands on the line before."""
    key = "-----BEGIN PRIVATE KEY-----\nMIIEabc\nshort\n-----END PRIVATE KEY-----"
    body = key.replace("\n", "\n    ")
    env = "env:\n- name: DB_PASSWORD\n  value: hunter2\n- name: DB_HOST\n  value: db.shop.svc\n"
    text = f"data:\n  k: |\n    {body}\n{env}args:\n- --token\n- s3cr3t-two\n"
    shown = redact_lines(text.split("\n"))
    assert not any(word in line for line in shown for word in ("MIIEabc", "short", "hunter2", "s3cr3t-two"))
    assert "- --token" in shown
    assert "  value: db.shop.svc" in shown


@pytest.mark.parametrize(
    "line",
    [
        "        image: registry.example/app@sha256:" + "ab" * 32,
        "      privileged: true",
        "        value: 8080",
        '        - "--listen=:8080"',
        "    serviceAccountToken:",
        "  automountServiceAccountToken: false",
        "        - name: DB_PASSWORD",
        "              key: password",
        "    kubernetes.io/description: which team owns the thing",
    ],
)
def test_ordinary_lines_stand_as_they_are(line: str) -> None:
    """Nothing is taken from a line that holds no credential."""
    assert redact_line(line) == line


def test_annotations_lose_the_last_applied_configuration() -> None:
    """The annotation that repeats the whole object is dropped, long ones are cut."""
    pod = one_pod(
        pod_text().replace(
            "name: web",
            'name: web, annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}", long: '
            + "x" * 1000
            + "}",
        )
    )
    assert list(pod.annotations) == ["long"]
    assert len(pod.annotations["long"]) == 256
