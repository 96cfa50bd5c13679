"""Names of files that hold credentials: a base name in, what it says of the file out. Data with its sources."""

from __future__ import annotations

import re
from functools import lru_cache

#: Names of files that hold credentials (dockle's lists and the tools' own manuals). The second says whether the
#: contents decide when they could be read: a settings file without a literal in it is no credential.
BY_NAME: dict[str, tuple[str, bool]] = {
    "id_rsa": ("an SSH private key", False),
    "id_dsa": ("an SSH private key", False),
    "id_ecdsa": ("an SSH private key", False),
    "id_ed25519": ("an SSH private key", False),
    "id_ecdsa_sk": ("an SSH private key", False),
    "id_ed25519_sk": ("an SSH private key", False),
    "secring.gpg": ("a GnuPG secret key ring", False),
    "key4.db": ("a browser's store of passwords", False),
    "logins.json": ("a browser's store of passwords", False),
    "krb5.keytab": ("a Kerberos key table", False),
    "password.txt": ("a file of passwords", False),
    "passwords.txt": ("a file of passwords", False),
    "credentials": ("a file of credentials", True),
    "credentials.json": ("a file of credentials", True),
    "credentials.xml": ("a file of credentials", False),
    "application_default_credentials.json": ("credentials of Google Cloud", True),
    "accessTokens.json": ("tokens of the Azure command line", False),
    "msal_token_cache.json": ("tokens of the Azure command line", False),
    ".env": ("a file of environment variables", True),
    ".npmrc": ("settings of npm", True),
    ".yarnrc.yml": ("settings of Yarn", True),
    ".pypirc": ("settings of a Python package index", True),
    ".netrc": ("passwords of network programs", True),
    "_netrc": ("passwords of network programs", True),
    ".pgpass": ("passwords of PostgreSQL", True),
    ".my.cnf": ("settings of a MySQL client", True),
    ".mylogin.cnf": ("credentials of a MySQL client", False),
    ".git-credentials": ("credentials of Git", True),
    ".dockercfg": ("credentials of a registry", True),
    ".dockerconfigjson": ("credentials of a registry", True),
    ".htpasswd": ("a file of password hashes", True),
    ".s3cfg": ("credentials of an object store", True),
    ".boto": ("credentials of an object store", True),
    "kubeconfig": ("credentials of a Kubernetes cluster", True),
    "terraform.tfstate": ("the state of Terraform, which holds secrets in the clear", False),
    "terraform.tfvars": ("variables of Terraform", True),
    "database.yml": ("settings of a database", True),
    "secrets.yml": ("a file of secrets", True),
    "secrets.yaml": ("a file of secrets", True),
    "secrets.json": ("a file of secrets", True),
    "master.key": ("the master key of Rails", False),
    "wp-config.php": ("settings of WordPress", True),
    "local_settings.py": ("settings of Django", True),
    "recentservers.xml": ("passwords of FileZilla", False),
    "sitemanager.xml": ("passwords of FileZilla", False),
}
_BY_ENDING: dict[str, tuple[str, bool]] = {
    "jks": ("a Java key store", False),
    "keystore": ("a Java key store", False),
    "bks": ("a Java key store", False),
    "p12": ("a PKCS #12 key store", False),
    "pfx": ("a PKCS #12 key store", False),
    "kdb": ("a store of passwords", False),
    "kdbx": ("a store of passwords", False),
    "keychain": ("a store of passwords", False),
    "keytab": ("a Kerberos key table", False),
    "ovpn": ("settings of a VPN", True),
    "tfstate": ("the state of Terraform, which holds secrets in the clear", False),
    "tfvars": ("variables of Terraform", True),
    "secret": ("a file of secrets", False),
    "private_key": ("a private key", False),
    "ppk": ("a PuTTY private key", False),
    "pcap": ("a capture of network traffic", False),
    "pcapng": ("a capture of network traffic", False),
    "env": ("a file of environment variables", True),
}
#: Examples, templates, public halves, and stores of what is trusted: no credential of anybody.
NO_CREDENTIAL = re.compile(
    r"(?i)example|sample|template|dummy|\.(?:dist|tmpl|tpl|j2|jinja2?|pub|md|rst|html?|enc|gpg|age|asc|sops)$|trust|cacerts"
)


@lru_cache(maxsize=8192)
def named(name: str) -> tuple[str, bool] | None:
    """What a base name says of a file, and whether readable contents decide; None when it says nothing."""
    found = BY_NAME.get(name)
    if found is None:
        stem, dot, ending = name.rpartition(".")
        found = _BY_ENDING.get(ending) if dot else None
        if found is None and stem.startswith(".env"):
            found = BY_NAME[".env"]
        if found is None:
            return None
    return None if NO_CREDENTIAL.search(name) else found
