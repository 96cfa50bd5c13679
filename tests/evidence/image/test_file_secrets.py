"""Credentials in files: each rule hits, its near miss does not, and no value is in what is kept."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import msgspec
import pytest

from compliance.evidence.credentials import SHAPES
from compliance.evidence.image import file_secrets, layer
from compliance.evidence.image.contents import LayerContents, Piece
from compliance.evidence.image.file_secrets import NEEDLES, Place
from tests.images import making

BODY = "MIIEowIBAAKCAQEAxVqzU0dGh5mB0n1k2l3J4H5G6F7D8S9A0qwertyuiop" * 4
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----\n"
LETTERS = "aB3dE5gH7jK9mN1pQ2sT4vW6xY8zA0cD2eF4hJ6k"
AKIA = "AKIA" + "Q3EGRXW7ZB2MNP4L"  # split, so that no scanner takes this file for a leak


def layer_of(folder: Path, files: dict[str, str | bytes]) -> LayerContents:
    items = [{"path": path, "content": content} for path, content in files.items()]
    data = gzip.compress(making.layer_tar(items), mtime=0)
    place = folder / "layer"
    place.write_bytes(data)
    return layer.read_layer(Piece("layer", bytes(place), 0, len(data), ""))


def kinds(folder: Path, path: str, content: str | bytes) -> list[str]:
    return [secret.kind for secret in layer_of(folder, {path: content}).secrets]


#: Path, content, what it is taken for, and a part of the value that must not be kept.
HITS = [
    ("app/server.key", PEM, "a private key", "MIIEow"),
    ("app/key.pem", PEM.replace("RSA ", "OPENSSH "), "a private key", "MIIEow"),
    ("app/key.json", '{"k": "' + PEM.replace("\n", "\\n") + '"}', "a private key", "MIIEow"),
    (
        "app/enc.pem",
        PEM.replace("-----\nMII", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,AB\n\nMII"),
        "a private key",
        "MIIEow",
    ),
    (
        "root/.gnupg/key.asc",
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{BODY}\n",
        "a private key",
        "MIIEow",
    ),
    ("etc/ssl/private/ssl-cert-snakeoil.key", PEM, "a private key", "MIIEow"),
    ("usr/lib/python3/dist-packages/x/data.bin", PEM, "a private key", "MIIEow"),
    ("opt/a.py", f'KEY = "{AKIA}"', "an AWS access key", AKIA),
    ("opt/a.txt", f"aws_secret_access_key = {LETTERS}", "an AWS secret key", LETTERS),
    ("opt/a.js", f"x = 'ghp_{LETTERS[:36]}'", "a GitHub token", LETTERS[:36]),
    ("opt/b.js", f"x = 'github_pat_{LETTERS}'", "a GitHub token", LETTERS),
    ("opt/c.js", f"x = 'glpat-{LETTERS[:20]}'", "a GitLab token", LETTERS[:20]),
    ("opt/d.js", f"x = 'xoxb-{LETTERS}'", "a Slack token", LETTERS),
    ("opt/e.js", f"x = 'AIza{LETTERS[:35]}'", "a Google API key", LETTERS[:35]),
    ("opt/f.js", f"x = 'npm_{LETTERS}'", "an npm token", LETTERS),
    ("opt/g.js", f"x = 'hvs.{LETTERS}'", "a Vault token", LETTERS),
    ("opt/h.js", f"x = 'sk_live_{LETTERS}'", "a Stripe key", LETTERS),
    ("opt/i.js", f"x = 'SG.{LETTERS}.{LETTERS}'", "a SendGrid key", LETTERS),
    ("opt/j.js", f"x = 'eyJ{LETTERS}.eyJ{LETTERS}.sig'", "a JSON web token", LETTERS),
    ("opt/k.js", f"x = 'https://hooks.slack.com/services/{LETTERS}'", "a Slack webhook", LETTERS),
    ("opt/l.conf", f"AccountKey={LETTERS}{LETTERS}==", "an Azure storage key", LETTERS),
    ("opt/m.conf", f"token SWMTKN-1-{LETTERS}", "a swarm's join token or unlock key", LETTERS),
    ("opt/m.py", "db = 'postgres://app:Tr0ub4dor@db.internal/x'", "a URL with a password in it", "Tr0ub4dor"),
    ("opt/n.yaml", f"header: 'Authorization: Bearer {LETTERS}'", "an Authorization header", LETTERS),
    ("opt/o.ini", "connection = Server=db;User=a;Password=Tr0ub4dor;", "a password", "Tr0ub4dor"),
    ("opt/p.txt", f"pypi-AgEIcHlwaS5vcmc{LETTERS}{LETTERS}", "a PyPI token", LETTERS),
    ("opt/q.txt", f"dckr_pat_{LETTERS}", "a Docker Hub token", LETTERS),
    ("opt/r.txt", "dop_v1_" + "0123456789abcdef" * 4, "a DigitalOcean token", "0123456789abcdef"),
    ("opt/s.txt", "AGE-SECRET-KEY-1" + "Q" * 58, "an age private key", "QQQQ"),
    (
        "opt/t.txt",
        f"PuTTY-User-Key-File-3: ssh-rsa\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\n{LETTERS}\n",
        "a PuTTY private key",
        LETTERS,
    ),
    (
        "opt/sa.json",
        '{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\nshort"}',
        "a Google service account key",
        "short",
    ),
    ("root/.npmrc", "//registry.example.org/:_authToken=abc-123-def", "a credential of npm", "abc-123-def"),
    ("root/.netrc", "machine x login y password hunter22", "a password of network programs", "hunter22"),
    ("root/.pgpass", "db:5432:*:app:hunter22\n", "a password of PostgreSQL", "hunter22"),
    ("root/.pypirc", "[pypi]\nusername: x\npassword: hunter22\n", "a password of a package index", "hunter22"),
    (
        "root/.docker/config.json",
        '{"auths": {"r.example.org": {"auth": "dXNlcjpodW50ZXIyMg=="}}}',
        "a credential of a registry",
        "dXNlcjpo",
    ),
    ("root/.dockercfg", '{"r.org": {"auth": "dXNlcjpodW50ZXIyMg=="}}', "a credential of a registry", "dXNlcjpo"),
    (
        "root/.kube/config",
        f"users:\n- user:\n    client-key-data: {LETTERS}{LETTERS}\n",
        "a client key of a Kubernetes cluster",
        LETTERS,
    ),
    (
        "root/.kube/config",
        "users:\n- user:\n    token: abcdefgh12345678\n",
        "a credential of a Kubernetes cluster",
        "abcdefgh1",
    ),
    ("etc/nginx/.htpasswd", "admin:$apr1$salt$abcdefghijklmnop\n", "a password hash", "abcdefghij"),
    ("root/.git-credentials", "https://me2:hunter22@git.corp\n", "a URL with a password in it", "hunter22"),
    ("app/.env", "PORT=80\nDB_PASSWORD=hunter22\n", "a literal for DB_PASSWORD", "hunter22"),
    ("app/.env.production", "export API_KEY='hunter22'\n", "a literal for API_KEY", "hunter22"),
    (
        "app/settings.py",
        "DEBUG = False\nSECRET_KEY = 'django-insecure-x7'\n",
        "a literal for SECRET_KEY",
        "insecure-x7",
    ),
    ("var/www/wp-config.php", "define( 'DB_PASSWORD', 'hunter22' );", "a literal for DB_PASSWORD", "hunter22"),
    (
        "app/application.properties",
        "spring.datasource.password=hunter22\n",
        "a literal for spring.datasource.password",
        "hunter22",
    ),
    ("app/config/database.yml", "production:\n  password: hunter22\n", "a literal for password", "hunter22"),
    ("app/appsettings.json", '{\n  "ClientSecret": "hunter22"\n}', "a literal for ClientSecret", "hunter22"),
    ("app/utf16.ini", "password=hunter22\r\n".encode("utf-16"), "a literal for password", "hunter22"),
]


@pytest.mark.parametrize(("path", "content", "kind", "value"), HITS)
def test_a_credential_is_found_and_its_value_is_not_kept(
    tmp_path: Path, path: str, content: str | bytes, kind: str, value: str
) -> None:
    """The file and what it looks like are told by its content; the value is nowhere in what is kept."""
    contents = layer_of(tmp_path, {path: content})
    found = [(secret.path, secret.kind, secret.by_name) for secret in contents.secrets]
    assert (path, kind, False) in found
    assert not any(by_name for _, _, by_name in found)
    assert contents.secrets_total == len(found)
    assert value.encode() not in msgspec.msgpack.encode(contents)


#: What looks like a credential and is none.
MISSES = [
    ("app/server.crt", "-----BEGIN CERTIFICATE-----\n" + BODY),
    ("app/public.pem", "-----BEGIN PUBLIC KEY-----\n" + BODY),
    ("app/key.pem", "no key here"),
    ("app/parser.py", 'if line == "-----BEGIN RSA PRIVATE KEY-----":\n    return 1\n'),
    ("app/parser.go", 'const begin = "-----BEGIN PRIVATE KEY-----"\nconst end = "-----END PRIVATE KEY-----"\n'),
    ("usr/share/doc/openssl/demo.pem", PEM),
    ("usr/lib/python3/dist-packages/tornado/test/test.key", PEM),
    ("usr/local/lib/python3.12/test/certdata/keycert.pem", PEM),
    ("app/node_modules/agent/test/fixtures/key.pem", PEM),
    ("opt/doc.txt", "AKIAIOSFODNN7EXAMPLE"),
    ("opt/short.txt", "AKIA123 ghp_short glpat-x npm_config_cache xoxo hvs.x AIzaX SG.1.2 eyJ.eyJ"),
    ("opt/url.py", "proxy = 'http://user:password@proxy.example.com'"),
    ("opt/url2.py", "f'postgres://{user}:{password}@{host}/x'"),
    ("opt/url3.yaml", "image: registry:5000/x@sha256:abc\nlink: https://x.org:443/@scope/y"),
    ("opt/url4.py", "clone('git@host:path'); get('http://host:8080/a@b')"),
    ("opt/basic.py", "Basic authentication12345678 needs a bearer tokenvalue1234567"),
    ("etc/nsswitch.conf", "passwd: files systemd\ngroup: files\n"),
    ("etc/ssl/openssl.cnf", "challengePassword = A challenge password\ninput_password = secret12\n"),
    ("etc/login.defs", "PASS_MAX_DAYS 99999\nSYSLOG_SU_ENAB yes\n"),
    ("app/.env", "PORT=80\nDB_PASSWORD=${DB_PASSWORD}\nSECRET_FILE=/run/secrets/x\nTOKEN=\n"),
    ("app/.env.example", "DB_PASSWORD=hunter22\n"),
    ("app/config.yaml", "secretName: tls\ntoken: {{ .Values.token }}\npassword: $(cat /run/x)\nkeys:\n  - a\n"),
    ("app/config.yaml", "password: changeme-please-your_password\napi_key: <key>\ntoken: !vault |\n"),
    ("app/run.sh", 'TOKEN=$(cat /run/token)\nPWD=/app\nexport PASSWORD="$1"\n'),
    ("app/package-lock.json", '{"js-tokens": "4.0.0", "token": "abcdefgh"}'),
    ("app/package.json", '{"dependencies": {"token": "^1.2.3"}}'),
    ("app/locales/de.json", '{\n "password": "Passwort1"\n}'),
    ("app/schema.json", '{\n "token": "string"\n}'),
    ("app/main.py", "connect(password=password, token=get_token())\nif token == 'x': pass\n"),
    ("app/settings.py", "SECRET_KEY = os.environ['SECRET_KEY']\nPASSWORD = None\n"),
    ("root/.npmrc", "registry=https://registry.example.org\n//r/:_authToken=${NPM_TOKEN}\n"),
    ("root/.docker/config.json", '{"credsStore": "desktop", "auths": {"x": {}}}'),
    ("root/.kube/config", "users: []\n"),
    ("root/.ssh/id_rsa.pub", "ssh-rsa AAAAB3 me"),
    ("root/.ssh/id_rsa", ""),
    ("opt/truststore.jks", b"\xfe\xed\xfe\xed\0\0"),
    ("etc/ssl/certs/java/cacerts", b"\xfe\xed\xfe\xed\0\0"),
    ("usr/share/app/default.env", "x"),
    ("app/binary.dat", b"\0\1\2password=hunter22"),
]


@pytest.mark.parametrize(("path", "content"), MISSES)
def test_a_near_miss_is_no_credential(tmp_path: Path, path: str, content: str | bytes) -> None:
    """Public halves, examples, references, tests of packages and settings of the system are nobody's credentials."""
    assert kinds(tmp_path, path, content) == []


@pytest.mark.parametrize(
    ("path", "content", "kind"),
    [
        ("root/.ssh/id_ed25519", b"\1\2\0binary", "an SSH private key"),
        ("opt/store.jks", b"\xfe\xed\xfe\xed\0\0", "a Java key store"),
        ("opt/client.p12", b"0\x82\1\0", "a PKCS #12 key store"),
        ("opt/passwords.kdbx", b"\3\xd9\xa2\x9a\0", "a store of passwords"),
        ("etc/krb5.keytab", b"\5\2\0", "a Kerberos key table"),
        ("opt/terraform.tfstate", '{"version": 4}', "the state of Terraform, which holds secrets in the clear"),
        ("opt/trace.pcap", b"\xd4\xc3\xb2\xa1\0", "a capture of network traffic"),
        ("app/.env.local", b"A=1\n" * 300_000, "a file of environment variables"),
    ],
)
def test_a_name_is_told_when_the_content_does_not_decide(tmp_path: Path, path: str, content: bytes, kind: str) -> None:
    """Stores that nobody can look into, and settings too large to be looked at, are named by name only."""
    (secret,) = layer_of(tmp_path, {path: content}).secrets
    assert (secret.kind, secret.by_name) == (kind, True)


def test_every_shape_has_its_needles() -> None:
    """A shape added to the credentials of manifests is also looked for in files."""
    covered = set(NEEDLES) | {
        "it holds a private key",
        "it looks like an AWS access key",
        "it looks like a GitHub token",
        "it looks like a GitLab token",
    }
    assert {words for _, words in SHAPES} == covered


def test_places_are_told_apart() -> None:
    """Documentation and packages' tests, folders of packages, and what is the image's own."""
    assert file_secrets.place_of("usr/share/doc/x") is Place.HARMLESS
    assert file_secrets.place_of("usr/lib/python3/dist-packages/x/tests") is Place.HARMLESS
    assert file_secrets.place_of("usr/lib/python3/dist-packages/x") is Place.PACKAGE
    assert file_secrets.place_of("app/venv/lib/python3.12/site-packages/x") is Place.PACKAGE
    assert file_secrets.place_of("app/tests") is Place.OWN
    assert file_secrets.place_of("usr/local/etc") is Place.OWN
    assert file_secrets.place_of("usr/src/app") is Place.OWN
    assert file_secrets.place_of("") is Place.OWN


def test_one_file_tells_a_few_kinds_and_a_layer_a_few_hundred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither fills the report; the number of all is kept."""
    many = "".join(f"SECRET_{number}_TOKEN=value{number}x\n" for number in range(50))
    assert len(layer_of(tmp_path, {"app/.env": many}).secrets) == file_secrets.KINDS_TOLD
    monkeypatch.setattr(layer, "MAX_SECRETS", 3)
    contents = layer_of(tmp_path, {f"app/{number}.key": PEM for number in range(5)})
    assert len(contents.secrets) == 3
    assert contents.secrets_total == 5


@pytest.mark.parametrize(
    "content",
    [
        "a" * 250_000,
        "://" * 80_000,
        "://a:" * 50_000,
        "-----BEGIN PRIVATE KEY-----\n" * 8_000,
        "password" * 30_000,
        "password=" * 28_000,
        "\t" * 250_000 + "token",
        "eyJ" * 80_000,
        "PuTTY-User-Key-File-1:" * 11_000,
        "token: " + "a " * 120_000,
        "a:" * 120_000,
    ],
)
def test_no_text_takes_long(tmp_path: Path, content: str) -> None:
    """Texts made to make expressions run on end within the time that any other takes."""
    for path in ("app/x.conf", "root/.pgpass", "root/.kube/config", "app/wp-config.php"):
        started = time.process_time()
        layer_of(tmp_path, {path: content * 4})
        assert time.process_time() - started < 2
