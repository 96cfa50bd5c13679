"""Finds credentials in the files of a layer: a path and bytes in, what they look like out, never a value.

Three sorts of places: documentation and the tests of installed packages are not looked at; folders that package
managers fill are searched for what is a credential wherever it stands (private keys, AWS, GitHub and GitLab tokens);
everywhere else each shape that is known is looked for, and in settings each literal under a name that speaks of one.
Long needles come before every expression: a file without one costs a few passes of `in`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from compliance.evidence.credentials import SHAPES, is_placeholder, suspicion
from compliance.evidence.image.contents import LayerSecret
from compliance.evidence.image.lists import within_package
from compliance.evidence.image.secret_names import BY_NAME, NO_CREDENTIAL, named

#: Bytes of the largest file that is searched for all shapes; larger ones only for what is a credential wherever it
#: stands, and by name. Measured on a Debian root of
#: 69,000 files and 1.3 GB: 3.8 s of CPU with 256 KiB as with 4 MiB, and the same four credentials found.
LOOKED_AT = 1024 * 1024
#: Bytes of a piece that are looked at again with the next one; a private key shows itself in its first 3,000.
_OVERLAP = 4096
#: Kinds named for one file.
KINDS_TOLD = 5


class Place(Enum):
    """How far the search for credentials goes in a directory."""

    HARMLESS = "harmless"
    PACKAGE = "package"
    OWN = "own"


_DOCUMENTATION = re.compile(
    r"usr/(?:local/)?share/(?:doc|man|info|locale|i18n|zoneinfo|help|gtk-doc|doc-base|licenses|terminfo|common-licenses|mime|icons"
    r"|fonts|perl|vim|bash-completion|zsh|fish|nmap|X11)(?:/|$)"
)
_TESTS = re.compile(
    r"/(?:tests?|testing|testdata|test_data|test-data|fixtures?|specs?|__tests__|examples?|samples?|docs?|demos?)(?:/|$)"
)
_FILLED = (
    "usr/",
    "lib/",
    "lib64/",
    "bin/",
    "sbin/",
    "var/lib/dpkg/",
    "var/lib/apt/",
    "lib/apk/",
    "var/lib/rpm/",
    "snap/",
)
_OURS = ("usr/src/", "usr/local/", "usr/app/", "usr/home/")


def place_of(directory: str) -> Place:
    """How far files of a directory (without leading `/`) are searched."""
    inside = f"{directory}/"
    packaged = within_package(inside) or (inside.startswith(_FILLED) and not inside.startswith(_OURS))
    if not packaged:
        return Place.OWN
    return Place.HARMLESS if _DOCUMENTATION.match(inside) or _TESTS.search(f"/{inside}") else Place.PACKAGE


# --- by content -----------------------------------------------------------------------------------------------------

#: Long enough to be a real key: the header of a PEM block alone stands in many programs.
_PRIVATE_KEY = re.compile(
    rb"-----BEGIN (?P<sort>(?:[A-Z0-9]+ )*)PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:\\r|\\n|[\s\"'+,\\]|[A-Za-z-]{4,20}:[^\n]{1,200}\n){0,12}(?:[A-Za-z0-9+/=]|\\n|\\r){40}"
)
_AWS_ID = re.compile(rb"\b(?:AKIA|ASIA)(?![A-Z0-9]{0,16}EXAMPLE)[A-Z0-9]{16}\b")
_AWS_SECRET = re.compile(
    rb"(?i)aws_?secret_?(?:access_?)?key[\"']?\s{0,4}[:=]\s{0,4}[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"
)
_GITHUB = re.compile(rb"gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,}")
_GITLAB = re.compile(rb"\bglpat-[A-Za-z0-9_-]{20}")

_Bytes = re.Pattern[bytes]
#: What is a credential wherever it stands: needle, expression, words.
_EVERYWHERE: tuple[tuple[bytes, _Bytes, str], ...] = (
    (b"PRIVATE KEY", _PRIVATE_KEY, "a private key"),
    (b"AKIA", _AWS_ID, "an AWS access key"),
    (b"aws_secret_access_key", _AWS_SECRET, "an AWS secret key"),
    (b"github_pat_", _GITHUB, "a GitHub token"),
    (b"glpat-", _GITLAB, "a GitLab token"),
)
#: The needles of the other shapes of credentials.SHAPES, by their words there; those above are left out.
NEEDLES: dict[str, tuple[bytes, ...]] = {
    "it looks like a Google service account key": (),
    "it looks like a Google API key": (b"AIza",),
    "it looks like a Slack token": (b"xox",),
    "it looks like a Slack webhook": (b"hooks.slack.com/services/",),
    "it looks like a Stripe key": (b"k_live_",),
    "it looks like a SendGrid key": (b"SG.",),
    "it looks like an npm token": (b"npm_",),
    "it looks like a Vault token": (b"hvs.",),
    "it looks like a JSON web token": (b"eyJ",),
    "it is a URL with a password in it": (b"://",),
    "it holds an Authorization header": (b"earer ", b"asic "),
    "it holds a password": (b"assword=", b"PASSWORD=", b"pwd=", b"Pwd=", b"PWD="),
    "it looks like an Azure storage key": (b"AccountKey=",),
    "it looks like a swarm's join token or unlock key": (b"SWMTKN-1-", b"SWMKEY-1-"),
}
#: Shapes that sources and documents hold by the thousand without meaning one: looked for in settings only.
_IN_SETTINGS = frozenset({"it holds an Authorization header", "it holds a password"})
#: Shapes that begin with what every file has, told by what is rare in them instead; a password in connection strings.
_QUICKER: dict[str, bytes] = {
    "it is a URL with a password in it": rb"://[^\s/:@\"'<>${}]{0,100}:(?!\$|<|\*+@|xxx|%)[^\s/@\"'<>{}()]{1,200}@[\w\[]",
    "it holds a password": rb"(?i)[;?&] ?(?:password|passwd|pwd)=(?![$<*{%\"'/\s])[^\s;&,\"']{3,}",
}


def _other_shapes() -> Iterator[tuple[bytes, _Bytes, str, bool]]:
    for shape, words in SHAPES:
        for needle in NEEDLES.get(words, ()):
            expression = re.compile(_QUICKER.get(words) or shape.pattern.encode())
            yield needle, expression, re.sub("^it (?:looks like|holds|is) ", "", words), words in _IN_SETTINGS


_OTHER_SHAPES = tuple(_other_shapes())
#: Tokens that credentials.SHAPES does not know, of services images are built with.
_OTHER_TOKENS: tuple[tuple[bytes, _Bytes, str], ...] = (
    (b"ASIA", _AWS_ID, "an AWS access key"),
    (b"pypi-AgEIcHlwaS5vcmc", re.compile(rb"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}"), "a PyPI token"),
    (b"dckr_pat_", re.compile(rb"\bdckr_pat_[A-Za-z0-9_-]{20,}"), "a Docker Hub token"),
    (b"dop_v1_", re.compile(rb"\bdop_v1_[a-f0-9]{64}"), "a DigitalOcean token"),
    (b"AGE-SECRET-KEY-1", re.compile(rb"AGE-SECRET-KEY-1[A-Z0-9]{50,}"), "an age private key"),
    (
        b"PuTTY-User-Key-File-",
        re.compile(rb"^Private-Lines: \d", re.MULTILINE),
        "a PuTTY private key",
    ),
    (b'"service_account"', re.compile(rb'"private_key"\s*:\s*"-----BEGIN'), "a Google service account key"),
    (
        b"client-key-data:",
        re.compile(rb"client-key-data:\s{0,4}[A-Za-z0-9+/=]{40,}"),
        "a client key of a Kubernetes cluster",
    ),
)
_DOCUMENTED_URL = re.compile(
    rb"(?i)://(?:user(?:name)?|foo|me|login|usr|u|x+):(?:pass(?:word|wd)?|bar|secret|pw|p|x+)@|@(?:[\w.-]*\.)?example\."
)


def _everywhere(data: bytes) -> Iterator[str]:
    """What is a credential in any file, a binary one, too."""
    for needle, shape, words in _EVERYWHERE:
        if needle in data and shape.search(data):
            yield words
    if b"ghp_" in data and _GITHUB.search(data):
        yield "a GitHub token"


def streamed(path: str, pieces: Iterable[bytes | memoryview]) -> list[LayerSecret]:
    """The credentials in a file that is too large to be kept: those that are one wherever they stand."""
    found: dict[str, None] = {}
    carried = b""
    for piece in pieces:
        data = b"".join((carried, piece))
        found.update(dict.fromkeys(_everywhere(data)))
        carried = data[-_OVERLAP:]
    return [LayerSecret(path, kind, False) for kind in found]


def _shapes(data: bytes, place: Place, settings: bool) -> Iterator[str]:
    yield from _everywhere(data)
    if place is not Place.OWN:
        return
    for needle, shape, words in _OTHER_TOKENS:
        if needle in data and shape.search(data):
            yield words
    for needle, shape, words, only_settings in _OTHER_SHAPES:
        if (settings or not only_settings) and needle in data:
            found = shape.search(data)
            while found is not None:
                near = data[found.start() : found.end() + 64]
                if needle != b"://" or not _DOCUMENTED_URL.search(near):
                    yield words
                    break
                found = shape.search(data, found.end())


# --- settings -------------------------------------------------------------------------------------------------------

_SETTINGS_ENDINGS = frozenset(
    (
        "env",
        "properties",
        "ini",
        "conf",
        "cfg",
        "cnf",
        "config",
        "yaml",
        "yml",
        "json",
        "toml",
        "tfvars",
        "sh",
        "bash",
        "rc",
        "ovpn",
    )
)
#: Sources whose literals count when quoted: settings written as a program. The word is looked for once in the part of
#: the name before the ending: from each word in it, a long name takes the square of its length.
_SOURCE_SETTINGS = re.compile(
    r"(?i)(?<![\w-])(?=[\w-]*(?:setting|config|constants|secrets|credentials))[\w-]+\.(?:py|php|js|ts|rb)$"
)
#: Settings that distributions ship, where such a name means another thing (`passwd: files`), and lock files.
_NO_SETTINGS = re.compile(
    r"^(?:etc/(?:nsswitch\.conf|pam\.d/|security/|ssl/|login\.defs|debconf\.conf|adduser\.conf|deluser\.conf|services|ca-certificates|apparmor"
    r"|ssh/ssh_config|ssh/moduli|sysctl|selinux/|default/useradd|dpkg/|apt/apt\.conf\.d/|init\.d/|bash_completion|fonts/|crypto-policies/|pki/))"
    r"|(?<![\w.-])(?=[\w.-]*(?:package|composer|tsconfig|npm-shrinkwrap|Pipfile|poetry|pnpm-lock|yarn))[\w.-]+\.(?:json|lock|yaml|toml)$"
    r"|(?:^|/)(?:locales?|i18n|lang|languages|translations?|schemas?)/"
)
#: What any name that speaks of a credential holds, in lower case.
_SPEAKS = (b"pass", b"pwd", b"secret", b"token", b"credential", b"key")
_LINE = re.compile(
    r"^[ \t]*(?:export[ \t]+|set[ \t]+|ENV[ \t]+|-[ \t]+)?[\"']?(?P<name>[A-Za-z_][\w.-]{0,63})[\"']?"
    r"[ \t]*(?:=>?|:)[ \t]*(?P<value>[^\s#].{0,1000})$",
    re.MULTILINE,
)
_DEFINE = re.compile(r"define\(\s{0,8}['\"](?P<name>\w{1,64})['\"]\s{0,8},\s{0,8}(?P<value>['\"][^'\"\n]{1,1000}['\"])")
#: Values that are no credential of a file's setting, besides those of credentials.suspicion: references, types,
#: versions, and what asks to be replaced.
_NO_VALUE = re.compile(
    r"(?i)[!|>&*{\[%@].*|.*(?:\$|`|\{\{|<%|%\().*|[\^~<>=v]*\d+(?:\.\w+)+|.{1,2}"
    r"|(?:string|str|text|integer|int|bool|boolean|object|array|required|optional|password|passwd|secret|token|key"
    r"|undefined|default|basic|bearer|file|files|env|auto|always|never|self|this|prompt|ask|any|all)"
    r"|(?:your|my|the|some|insert|put|enter|replace|change)[ _-].*"
    r"|.*(?:example|placeholder|replace.?me|your_|to.?be.?set|dummy|redacted).*"
)


def _is_settings(path: str, name: str) -> bool:
    stem, dot, ending = name.rpartition(".")
    likely = ending in _SETTINGS_ENDINGS or name in BY_NAME or stem.startswith(".env") or name.startswith(".")
    return (likely or (path.startswith("etc/") and not dot) or "/.git/" in f"/{path}") and not _NO_SETTINGS.search(path)


def _literals(path: str, name: str, data: bytes) -> Iterator[str]:
    """The settings of a file whose value is a literal under a name that speaks of a credential."""
    source = _SOURCE_SETTINGS.search(name) is not None
    if not (source or _is_settings(path, name)) or NO_CREDENTIAL.search(name):
        return
    lower = data.lower()
    if not any(word in lower for word in _SPEAKS):
        return
    text = data.decode("utf-8", "replace")
    expressions = (_LINE, _DEFINE) if name.endswith(".php") else (_LINE,)
    for expression in expressions:
        for found in expression.finditer(text):
            value = found["value"].rstrip(" \t,;\r")
            bare = value.strip("\"'")
            if (source and value[:1] not in "\"'") or (" " in bare and not source):
                continue
            if not _NO_VALUE.fullmatch(bare) and not is_placeholder(bare) and suspicion(found["name"], bare):
                yield f"a literal for {found['name']}"


_Judge = Callable[[str], bool]


def _any(expression: str) -> _Judge:
    """Whether a text has the expression, and what it catches is a literal."""
    compiled = re.compile(expression, re.MULTILINE)
    return lambda text: any(not _NO_VALUE.fullmatch(found[1].strip("\"'")) for found in compiled.finditer(text))


_NETRC = _any(r"\bpassword\s{1,8}(\S{1,500})")
_REGISTRY = _any(r"\"(?:auth|identitytoken|registrytoken|password)\"\s{0,8}:\s{0,8}\"([^\"\s]{4,4000})\"")
_CLUSTER = _any(r"^[ \t-]*(?:client-key-data|token|password):[ \t]*([^\s{][^\n]{7,8000})$")
_HASHES = re.compile(r"^[^:\n]{1,255}:(?:\$apr1\$|\$2[abxy]\$|\$[156]\$|\{SHA\})\S{10,200}", re.MULTILINE)


def _hashed(text: str) -> bool:
    return _HASHES.search(text) is not None


#: Formats with their own way to write a credential.
_FORMATS: dict[str, tuple[_Judge, str]] = {
    ".npmrc": (_any(r"(?:_authToken|_auth|_password)[ \t]*=[ \t]*(\S{3,2000})"), "a credential of npm"),
    ".yarnrc.yml": (_any(r"npmAuth(?:Token|Ident):[ \t]*(\S{3,2000})"), "a credential of Yarn"),
    ".pypirc": (_any(r"^[ \t]*password[ \t]*[=:][ \t]*(\S{1,1000})"), "a password of a package index"),
    ".netrc": (_NETRC, "a password of network programs"),
    "_netrc": (_NETRC, "a password of network programs"),
    ".pgpass": (_any(r"^(?!#)(?:(?:\\.|[^:\\\n]){0,255}:){4}([^\n*][^\n]{0,255})$"), "a password of PostgreSQL"),
    ".my.cnf": (_any(r"^[ \t]*password[ \t]*=[ \t]*(\S{1,255})"), "a password of MySQL"),
    ".dockercfg": (_REGISTRY, "a credential of a registry"),
    ".dockerconfigjson": (_REGISTRY, "a credential of a registry"),
    "config.json": (_REGISTRY, "a credential of a registry"),
    ".htpasswd": (_hashed, "a password hash"),
    ".s3cfg": (_any(r"^[ \t]*secret_key[ \t]*=[ \t]*(\S{8,200})"), "a credential of an object store"),
    ".boto": (_any(r"^[ \t]*\w*secret_access_key[ \t]*=[ \t]*(\S{8,200})"), "a credential of an object store"),
    "kubeconfig": (_CLUSTER, "a credential of a Kubernetes cluster"),
    "config": (_CLUSTER, "a credential of a Kubernetes cluster"),
}
#: Formats whose name says little: only in these directories.
_FORMAT_DIRECTORIES = {"config.json": (".docker",), "config": (".kube",)}


def _by_format(path: str, name: str, data: bytes) -> Iterator[str]:
    known = _FORMATS.get(name)
    if known is None:
        return
    directories = _FORMAT_DIRECTORIES.get(name)
    if directories is not None and path.split("/")[-2:-1] != list(directories):
        return
    judge, words = known
    if judge(data.decode("utf-8", "replace")):
        yield words


# --- together -------------------------------------------------------------------------------------------------------


def secrets_of(path: str, name: str, place: Place, size: int, data: bytes | None) -> list[LayerSecret]:
    """The credentials in a regular file. `data` is all of it, or None when it was too large or is a program.

    A file is named by what is in it; by its name only when that is on the list and the contents do not decide.
    """
    if size == 0 or place is Place.HARMLESS:
        return []
    if data is not None:
        text = _text(data)
        if text is not None:
            kinds = dict.fromkeys(_kinds(path, name, place, text))
        else:
            kinds = dict.fromkeys(_everywhere(data) if place is Place.OWN else ())
        if kinds:
            return [LayerSecret(path, kind, False) for kind in list(kinds)[:KINDS_TOLD]]
    told = named(name)
    if told is None or (told[1] and data is not None) or (place is Place.PACKAGE and not path.startswith("usr/local/")):
        return []
    if data is not None and (b"PUBLIC KEY" in data or data.startswith((b"ssh-", b"ecdsa-")) or not data.strip()):
        return []
    return [LayerSecret(path, told[0], True)]


def _text(data: bytes) -> bytes | None:
    """The file as ASCII-compatible text; None for a binary one. UTF-16 with a mark is turned into UTF-8."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return None if b"\0" in data[:4096] else data


def _kinds(path: str, name: str, place: Place, data: bytes) -> Iterator[str]:
    if place is Place.OWN:
        settings = _is_settings(path, name)
        yield from _by_format(path, name, data)
        yield from _shapes(data, place, settings)
        yield from _literals(path, name, data)
    else:
        yield from _shapes(data, place, False)


# --- password hashes ------------------------------------------------------------------------------------------------

#: crypt(5): an id between dollar signs, or the 13 characters of the old DES hash, or 20 of BSDi's.
_HASH = re.compile(rb"!*\*?(?:\$[0-9a-zA-Z][0-9a-zA-Z-]*\$|_[./0-9A-Za-z]{19}$|[./0-9A-Za-z]{13}$)")
_STATES = {True: b"set", False: b"none"}


def password_state(field: bytes) -> bytes:
    """`empty`, `none` (locked or no password) or `set` of the second field of etc/shadow or etc/passwd."""
    if not field:
        return b"empty"
    return _STATES[not field.startswith((b"!", b"*")) and field != b"x"]


def without_hashes(data: bytes, keep_marks: bool) -> tuple[bytes, list[str]]:
    """Lines of etc/shadow as `name:state`, or those of etc/passwd with only the second field changed (`keep_marks`).

    A mark (`x`, `*`, `!`, nothing) stays as it is; anything else becomes `set`. The names are those with a hash,
    also of locked accounts: the hash ships all the same.
    """
    lines: list[bytes] = []
    hashed: list[str] = []
    for line in data.split(b"\n"):
        name, colon, rest = line.partition(b":")
        if not colon:
            continue
        field, more, tail = rest.partition(b":")
        if _HASH.match(field):
            hashed.append(name[:64].decode("utf-8", "backslashreplace"))
        state = password_state(field)
        if not keep_marks:
            lines.append(name + b":" + state)
        else:
            lines.append(name + b":" + (b"set" if state == b"set" else field[:1]) + more + tail)
    return b"\n".join(lines) + b"\n", hashed
