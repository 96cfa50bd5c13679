"""Names of files that an image is judged by: a path in, what it stands for out. Every list is data with its source.

Tools are known by base name in a directory of programs; a target triplet before a name and a version behind it do
not matter (`x86_64-linux-gnu-gcc-12` is gcc). Leftovers are known by base name or by the directory they stand in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache


class Tool(Enum):
    """What a program is good for; the words name it in a reason."""

    SHELL = "shell"
    SYSTEM_MANAGER = "package manager of the system"
    LANGUAGE_MANAGER = "package manager of a language"
    NETWORK = "network tool"
    BUILD = "build tool"
    REMOTE = "remote-administration server"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Base names of directories that hold programs (FHS 3.0, 3.4 and 4.4; `/busybox` is that of distroless debug images).
PROGRAM_DIRECTORIES = frozenset({"bin", "sbin", "libexec", "busybox", "games"})
#: The directories that a PATH names by default (Docker's default PATH, moby `oci/defaults`).
DEFAULT_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

# workload-and-image-checks.md 4; Debian 12 /etc/shells; PowerShell and nushell are shells by their own word.
SHELLS = _words(
    """
    sh ash bash rbash dash zsh rzsh ksh ksh93 rksh mksh lksh pdksh oksh loksh yash posh fish csh bsd-csh tcsh rc
    es elvish xonsh nu pwsh busybox toybox sash bash-static zsh-static hush msh
    """
)
# The managers that read or write the databases of compliance/evidence/packages, and those beside them.
SYSTEM_MANAGERS = _words(
    """
    apt apt-get apt-cache apt-mark aptitude apt-key dpkg dpkg-deb dselect apk yum dnf dnf-3 dnf4 dnf5 microdnf
    tdnf rpm rpm2cpio rpmdb zypper urpmi pacman opkg ipkg xbps-install emerge equo eopkg swupd slackpkg pkgtool
    installpkg nix nix-env guix snap flatpak brew pkg
    """
)
LANGUAGE_MANAGERS = _words(
    """
    pip pip3 pipx pipenv poetry uv pdm easy_install easy_install3 conda mamba micromamba npm npx yarn yarnpkg pnpm
    corepack bun gem bundle bundler composer cargo rustup cpan cpanm cpanp luarocks cabal stack mvn gradle sbt
    lein ivy nuget hex rebar3 opam raco
    """
)
# workload-and-image-checks.md 4; MITRE ATT&CK T1105 (tool transfer), T1046 and T1040 (discovery, sniffing).
NETWORK_TOOLS = _words(
    """
    curl wget wget2 aria2c axel lynx links elinks w3m http https httpie nc ncat netcat nc.openbsd nc.traditional
    socat telnet telnet.netkit inetutils-telnet ssh scp sftp slogin rsh rlogin rcp rsync ftp lftp ncftp tnftp tftp
    atftp nmap nping zmap masscan hping3 dig host nslookup drill tcpdump tshark dumpcap ettercap iperf iperf3 mtr
    traceroute tracepath arping fping smbclient ldapsearch grpcurl proxychains cryptcat openvpn wg autossh sshpass
    """
)
# NIST SP 800-190 4.1.2 and CIS Docker Benchmark 1.8.0, 4.3: no more than is needed; compilers, linkers, debuggers.
BUILD_TOOLS = _words(
    """
    gcc cc g++ c++ c89 c99 cpp clang clang++ clang-cpp tcc icc icx ld ld.bfd ld.gold ld.lld lld gold mold as ar
    ranlib nm objcopy objdump strip make gmake bmake cmake ctest cpack ninja ninja-build samu meson scons bazel
    bazelisk autoconf automake autoreconf aclocal libtool libtoolize m4 bison yacc flex lex swig gdb gdbserver
    lldb lldb-server strace ltrace valgrind perf gfortran f77 f95 gnat gdc dmd ldc2 rustc go gofmt javac jdb ghc
    ocamlc ocamlopt fpc nasm yasm ocamlfind tsc swiftc kotlinc scalac mcs csc dlv node-gyp dpkg-buildpackage
    dpkg-source rpmbuild abuild pkg-config pkgconf cython
    """
)
# NIST SP 800-190 4.1.2: no remote administration inside containers; CIS Docker Benchmark 1.8.0, 5.7 names sshd.
REMOTE_SERVERS = _words(
    """
    sshd sshd-session sshd-auth dropbear dropbearmulti tinysshd telnetd in.telnetd utelnetd rshd in.rshd rlogind
    in.rlogind rexecd in.rexecd vncserver Xvnc x11vnc x0vncserver tigervncserver Xtigervnc tightvncserver xrdp
    xrdp-sesman teamviewerd anydesk rustdesk ttyd gotty shellinaboxd wetty cockpit-ws cockpit-bridge webmin vsftpd
    proftpd pure-ftpd in.ftpd ftpd in.tftpd tftpd frpc chisel
    """
)

#: Which list wins where a name stands in two: the first.
_LISTS: tuple[tuple[Tool, frozenset[str]], ...] = (
    (Tool.SHELL, SHELLS),
    (Tool.SYSTEM_MANAGER, SYSTEM_MANAGERS),
    (Tool.LANGUAGE_MANAGER, LANGUAGE_MANAGERS),
    (Tool.NETWORK, NETWORK_TOOLS),
    (Tool.BUILD, BUILD_TOOLS),
    (Tool.REMOTE, REMOTE_SERVERS),
)
_TOOLS: dict[str, Tool] = {name: tool for tool, names in reversed(_LISTS) for name in names}
# Both begin at few places of a name, which may have four thousand characters.
_TRIPLET = re.compile(
    r"(?:x86_64|i[3-6]86|aarch64|arm\w{0,12}|powerpc\w{0,12}|ppc64\w{0,12}|s390x|riscv64|mips\w{0,12})-(?:[a-z0-9_]+-){1,2}"
)
_VERSION = re.compile(r"(?:-|(?<!\d))\d+(?:\.\d+){0,3}$")
#: Programs of remote administration that stand beside their libraries.
_REMOTE_ANYWHERE = frozenset({"sshd", "sshd-session", "sshd-auth", "dropbear", "in.telnetd", "cockpit-ws"})


@lru_cache(maxsize=4096)
def tool_named(name: str) -> tuple[Tool, str] | None:
    """What a program's base name stands for and its plain name (`gcc` of `gcc-12`); None for a name on no list."""
    found = _TOOLS.get(name)
    if found is not None:
        return found, name
    plain = _VERSION.sub("", _TRIPLET.sub("", name, count=1), count=1)
    found = _TOOLS.get(plain)
    return (found, plain) if found is not None else None


def tool(path: str) -> tuple[Tool, str] | None:
    """The tool that a path without leading `/` names: a known name in a directory of programs; None for none.

    `etc/alternatives/nc` and `usr/lib/git-core/git` are none: they are reached through programs elsewhere.
    """
    above, _, name = path.rpartition("/")
    if above.rpartition("/")[2] not in PROGRAM_DIRECTORIES and name not in _REMOTE_ANYWHERE:
        return None
    return tool_named(name)


def build_part(path: str) -> str:
    """`headers` or `static library` for what a compiler needs beside itself, else empty text."""
    if path.startswith(("usr/include/", "usr/local/include/")) and path.endswith((".h", ".hpp", ".hh")):
        return "headers"
    return "static library" if path.endswith(".a") and "/lib" in f"/{path}" else ""


# --- the C library -------------------------------------------------------------------------------------------------

_LIBC = tuple(
    "ld-linux ld-musl- ld64.so ld.so.1 ld-2. libc.so libc.musl- libc-2. ld-uClibc libuClibc".split()  # noqa: SIM905 - one line
)


def libc_part(name: str) -> bool:
    """Whether a base name is that of a C library or its dynamic loader (glibc 2.36, musl 1.2, uClibc-ng)."""
    return name.startswith(_LIBC)


# --- settings the image is judged by --------------------------------------------------------------------------------

#: Files whose contents are kept, whole; paths without leading `/`.
CAPTURED = _words(
    """
    etc/passwd etc/group etc/os-release usr/lib/os-release etc/alpine-release etc/debian_version
    """
)
#: Files that are kept in another form than their own: only the UMASK line, only names and password states.
REDUCED = frozenset({"etc/login.defs", "etc/shadow"})
#: Files whose presence alone says something.
NAMED = frozenset({"etc/ssl/openssl.cnf", "etc/gshadow", "etc/sudoers", "etc/ssh/sshd_config", "etc/pam.conf"})

#: Settings of the shell that may state a umask.
UMASK_FILES = _words(
    """
    etc/login.defs etc/profile etc/bash.bashrc etc/bashrc etc/bash/bashrc etc/zsh/zshrc etc/zshrc etc/zprofile
    etc/csh.cshrc etc/csh.login etc/ksh.kshrc etc/default/login etc/init.d/rc etc/rc.local
    """
)
UMASK_NAMES = _words(
    """
    .bashrc .profile .bash_profile .bash_login .zshrc .zprofile .cshrc .login .kshrc
    """
)


def may_set_umask(path: str, name: str) -> bool:
    """Whether a file is one in which a umask is looked for, besides executable scripts."""
    return path in UMASK_FILES or name in UMASK_NAMES or (path.startswith("etc/profile.d/") and name.endswith(".sh"))


# --- leftovers and caches -------------------------------------------------------------------------------------------

#: Directories that are leftovers wherever they stand (dockle's list), by base name; words follow the path.
_LEFTOVER_NAMES: dict[str, str] = {
    ".git": "a Git repository",
    ".svn": "a Subversion working copy",
    ".hg": "a Mercurial repository",
    ".bzr": "a Bazaar repository",
    ".aws": "settings of the AWS command line",
    ".azure": "settings of the Azure command line",
    ".gcp": "settings of Google Cloud",
    ".gcloud": "settings of Google Cloud",
    ".kube": "settings of kubectl",
    ".docker": "settings of the Docker client",
    ".npm": "the cache of npm",
    ".cache": "a cache of a user's programs",
    ".vscode": "settings of an editor",
    ".idea": "settings of an editor",
    ".terraform": "the working folder of Terraform",
    ".vagrant": "the working folder of Vagrant",
    ".gradle": "the cache of Gradle",
    ".m2": "the cache of Maven",
    ".composer": "the cache of Composer",
    ".yarn-cache": "the cache of Yarn",
    ".gnupg": "a GnuPG home",
    ".mozilla": "a browser's profile",
    ".local/share/Trash": "a waste bin",
}
#: Directories that are leftovers at one place.
_LEFTOVER_PLACES: dict[str, str] = {
    "var/lib/apt/lists": "package lists of apt",
    "var/cache/apt/archives": "downloaded packages of apt",
    "var/cache/apk": "the cache of apk",
    "var/cache/yum": "the cache of yum",
    "var/cache/dnf": "the cache of dnf",
    "var/cache/libdnf5": "the cache of dnf",
    "var/cache/tdnf": "the cache of tdnf",
    "var/cache/zypp": "the cache of zypper",
    "var/cache/pacman/pkg": "downloaded packages of pacman",
    "usr/local/share/.cache": "the cache of Yarn",
    "usr/local/cargo/registry": "the cache of Cargo",
    "root/go/pkg/mod": "the module cache of Go",
    "go/pkg/mod": "the module cache of Go",
    "var/crash": "crash reports",
    "var/lib/systemd/coredump": "core dumps",
}
#: What belongs into those directories of an image without leftovers.
_NO_LEFTOVER = frozenset({"lock", "partial", "auxfiles", ".gitkeep", ".keep", "README", "CACHEDIR.TAG", "releasever"})
#: Files that are leftovers wherever they stand.
_LEFTOVER_FILES: dict[str, str] = {
    "Dockerfile": "the recipe of an image",
    "Containerfile": "the recipe of an image",
    ".dockerignore": "the recipe of an image",
    "docker-compose.yml": "a Compose file",
    "docker-compose.yaml": "a Compose file",
    "compose.yaml": "a Compose file",
    ".dockerenv": "a mark of a running container",
    ".containerenv": "a mark of a running container",
    ".bash_history": "a shell's history",
    ".ash_history": "a shell's history",
    ".zsh_history": "a shell's history",
    ".sh_history": "a shell's history",
    ".python_history": "a shell's history",
    ".node_repl_history": "a shell's history",
    ".psql_history": "a database client's history",
    ".mysql_history": "a database client's history",
    ".rediscli_history": "a database client's history",
    ".viminfo": "an editor's history",
    ".lesshst": "a pager's history",
    ".wget-hsts": "a history of downloads",
    ".DS_Store": "a file of the packer's desktop",
    "Thumbs.db": "a file of the packer's desktop",
    "npm-debug.log": "a log of npm",
    "yarn-error.log": "a log of Yarn",
    "core": "a core dump",
}
#: A `Dockerfile` and the like inside an installed package are its maker's, not ours.
_WITHIN_PACKAGES = ("usr/share/", "usr/lib/", "usr/local/lib/", "usr/src/linux")
_PACKAGE_FOLDERS = ("/node_modules/", "/site-packages/", "/dist-packages/", "/gems/", "/vendor/", "/pkg/mod/")
_LEFTOVER_ENDINGS = (".swp", ".orig", ".rej", ".swo")


def within_package(path: str) -> bool:
    """Whether a path without leading `/` stands in a folder that package managers fill."""
    return path.startswith(_WITHIN_PACKAGES) or any(folder in f"/{path}" for folder in _PACKAGE_FOLDERS)


def leftover_directory(directory: str) -> tuple[str, str] | None:
    """The outermost leftover that a directory is or stands in, and what it is; None for none.

    `root/.cache/pip/http` gives `root/.cache`. Source: dockle, its lists of files.
    """
    parts = directory.split("/")
    for end in range(1, len(parts) + 1):
        here = "/".join(parts[:end])
        words = _LEFTOVER_PLACES.get(here) or _LEFTOVER_NAMES.get(parts[end - 1])
        if words is not None and not within_package(f"{here}/"):
            return here, words
    return None


def leftover_file(path: str, name: str, size: int) -> str | None:
    """What leftover a regular file is by its own name; None for none. A `core` below 4 KiB is no core dump."""
    words = _LEFTOVER_FILES.get(name)
    if words is None:
        if name.endswith(_LEFTOVER_ENDINGS) and not within_package(path):
            return "an editor's or patch's copy"
        if name.startswith("core.") and name[5:].isdigit() and size >= 4096:
            return "a core dump"
        return None
    return None if within_package(path) or (name == "core" and size < 4096) else words


def counts_in(place: str, child: str) -> bool:
    """Whether a direct child of a leftover directory makes it one: an apt archive folder without packages does not."""
    return child not in _NO_LEFTOVER and (place != "var/cache/apt/archives" or child.endswith(".deb"))


#: How a tag of an entry says that it is a leftover, or that the directory it stands in is one.
LEFTOVER, LEFTOVER_IN = "leftover:", "leftover-in:"


def leftover_of(path: str, tags: Iterable[str]) -> tuple[str, str] | None:
    """The path to name and the words, of an entry that the layer's reader tagged as leftover; None for any other.

    `leftover-in:` names the directory above the entry: one fact for however many such entries survive in it.
    """
    for tag in tags:
        if tag.startswith(LEFTOVER):
            return path, tag.removeprefix(LEFTOVER)
        if tag.startswith(LEFTOVER_IN):
            return path.rpartition("/")[0], tag.removeprefix(LEFTOVER_IN)
    return None
