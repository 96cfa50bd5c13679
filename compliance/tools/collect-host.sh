#!/bin/sh
# Collects what an auditor needs to know of this node or Docker host, for `compliance assess`.
#
#   sudo sh collect-host.sh [-n NAME] [-o FOLDER]
#
# NAME is the node's name in Kubernetes (default: the host's name). It writes one file, compliance-host-NAME.tar,
# into FOLDER (default: here), and changes nothing else. It uses no network. Look into the tar before you hand it on.
#
# What it reads: owner and mode of the files of Kubernetes, Docker and containerd; processes; services; mount points;
# the docker group; audit rules; static pod manifests; the kubelet's and the API server's configuration files; and
# what `docker` says of itself, its networks, containers, images and swarm.
# What it never reads or writes: keys, certificates, kubeconfigs, contents of Secrets, values of environment variables.
#
# In a debug pod, which has the host's file system at /host: chroot /host, or ROOT=/host sh collect-host.sh -n NODE.
set -u
umask 077
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin; export LC_ALL PATH
REVISION=1
ROOT=${ROOT:-} FOLDER=.
NAME=$(uname -n | tr '[:upper:]' '[:lower:]')
while getopts n:o: option; do
    case $option in
        n) NAME=$OPTARG ;;
        o) FOLDER=$OPTARG ;;
        *) echo "usage: sh collect-host.sh [-n NAME] [-o FOLDER]" >&2; exit 2 ;;
    esac
done
case $NAME in '' | -* | .* | *[!A-Za-z0-9._-]*) echo "no usable name: $NAME; give one with -n" >&2; exit 2 ;; esac

# names of owners; numbers where this system's names are not the host's
if [ -z "$ROOT" ]; then OWNER=%U:%G; else OWNER=%u:%g; fi
export OWNER
BUNDLE=compliance-host-$NAME
OUT=$FOLDER/$BUNDLE
if [ -e "$OUT" ] || [ -e "$OUT.tar" ]; then echo "$OUT is there already; remove it or use -o" >&2; exit 2; fi
WORK=$OUT/.work
mkdir -p "$OUT/collected" "$WORK" || exit 4
trap 'rm -rf "$OUT" "$OUT.tar.part"' EXIT
trap 'exit 4' HUP INT TERM
[ "$(id -u)" = 0 ] || echo "not root: much cannot be read, and what cannot be read is not checked" >&2

# --- helpers ----------------------------------------------------------------------------------------------------
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
json() { printf '%s' "$1" | tr '\n\t\r' '   ' | sed 's/\\/\\\\/g; s/"/\\"/g'; }
have() { command -v "$1" > /dev/null 2>&1; }
header() { echo "# compliance $1 1 host=$NAME"; }

# run FILE COMMAND...: run a command, keep its output in FILE, and note it with times and exit code.
run() {
    file=$1; shift
    started=$(now)
    "$@" > "$file" 2> "$WORK/errors"
    code=$?
    words=
    for word; do words="$words${words:+, }\"$(json "$word")\""; done
    [ $code = 0 ] && [ -s "$file" ] || rm -f "$file" # a command that failed leaves no evidence
    printf '  {"arguments": [%s], "started": "%s", "ended": "%s", "exit_code": %s}\n' \
        "$words" "$started" "$(now)" "$code" >> "$WORK/commands"
}

# redacted: arguments, one a line, with what may be a credential replaced.
redacted() {
    awk '{
        a = $0
        if (hidden) { a = "<redacted>"; hidden = 0 }
        else if (a ~ /^--?[A-Za-z0-9_.-]*([Tt]oken|[Pp]assword|[Pp]asswd|[Ss]ecret)$/) hidden = 1
        else if (a ~ /^--?[A-Za-z0-9_.-]*([Tt]oken|[Pp]assword|[Pp]asswd|[Ss]ecret)=/) sub(/=.*/, "=<redacted>", a)
        else if (a ~ /^[A-Za-z_][A-Za-z0-9_]*=/) sub(/=.*/, "=<redacted>", a)
        sub(/:\/\/[^\/@ ]*:[^\/@ ]*@/, "://<redacted>@", a)
        print a
    }'
}

# escaped: backslashes, spaces and line feeds (which arrive as byte 1) so that no name can begin a line or a field.
ONE=$(printf '\001')
escaped() { sed "s/\\\\/\\\\\\\\/g; s/ /\\\\040/g; s/$ONE/\\\\n/g"; }

# --- the host ---------------------------------------------------------------------------------------------------
of_os() { sed -n "s/^$1=//p" "$ROOT/etc/os-release" 2> /dev/null | head -n 1 | tr -d '"'; }
host() {
    header host
    printf 'hostname=%s\nos_id=%s\nos_version=%s\n' "$(uname -n)" "$(of_os ID)" "$(of_os VERSION_ID)"
    printf 'kernel=%s\ncollected=%s\nscript=%s\n# end\n' "$(uname -r)" "$(now)" "$REVISION"
}
run "$OUT/host.txt" host

# --- processes: all arguments of the programs of Kubernetes and Docker; of others the name alone --------------------
HOST_NETWORK=$(readlink "$ROOT/proc/1/ns/net" || readlink "$ROOT/proc/self/ns/net")
processes() {
    header process-list
    for process in "$ROOT"/proc/[0-9]*; do
        tr '\n\000' '\001\n' < "$process/cmdline" > "$WORK/arguments" 2> /dev/null || continue
        [ -s "$WORK/arguments" ] || continue # a thread of the kernel
        program=$(head -n 1 "$WORK/arguments"); program=${program%% *}
        network=; [ -z "$HOST_NETWORK" ] || network=$(readlink "$process/ns/net")
        case $network in '') network='?' ;; "$HOST_NETWORK") network=host ;; *) network=own ;; esac
        case $network-${program##*/} in
            *-kubelet | *-dockerd | *-docker | host-kube-apiserver | host-kube-controller-manager | host-kube-scheduler | \
            host-kube-proxy | host-etcd | host-containerd) redacted < "$WORK/arguments" > "$WORK/shown" ;;
            *) printf '%s\n' "$program" > "$WORK/shown" ;;
        esac
        user=$(stat -c "${OWNER%:*}" "$process" 2> /dev/null | escaped)
        printf '%s\n' "${user:-?} $network $(escaped < "$WORK/shown" | sed 's/^$/\\E/' | paste -s -d ' ' -)"
        if [ "${program##*/}" = etcd ]; then # names of its variables, never a value
            tr '\000' '\n' < "$process/environ" 2> /dev/null > "$WORK/names" && echo "# environment $(sed -n 's/^\(ETCD_[A-Z_]*\)=.*/\1/p' "$WORK/names" | sort | paste -s -d ' ' -)"
        fi
    done
    [ "$(id -u)" != 0 ] || echo "# end" # another user may not see all processes
}
run "$OUT/processes.txt" processes

# --- services, mount points, groups, audit rules --------------------------------------------------------------------
services() {
    header services
    for unit in kubelet.service kube-proxy.service etcd.service containerd.service crio.service docker.service \
        docker.socket auditd.service sshd.service ssh.service ssh.socket; do
        systemctl show -p LoadState -p ActiveState -p UnitFileState "$unit" > "$WORK/unit" 2> /dev/null || return 1
        load=$(sed -n 's/^LoadState=//p' "$WORK/unit")
        active=$(sed -n 's/^ActiveState=//p' "$WORK/unit") enabled=$(sed -n 's/^UnitFileState=//p' "$WORK/unit")
        [ "$load" = not-found ] && active=not-found enabled=not-found
        echo "$unit ${active:--} ${enabled:--}"
    done
    echo "# end"
}
if have systemctl && [ -z "$ROOT" ]; then run "$OUT/services.txt" services; fi

mounts() { header mounts; cat "$ROOT/proc/1/mountinfo" 2> /dev/null || cat "$ROOT/proc/self/mountinfo"; echo "# end"; }
run "$OUT/mounts.txt" mounts

groups() {
    header groups
    for group in root docker; do
        if have getent && [ -z "$ROOT" ]; then line=$(getent group $group); else line=$(grep "^$group:" "$ROOT/etc/group"); fi
        if [ -z "$line" ]; then echo "# absent $group"; continue; fi
        # users whose first group it is do not stand in the group itself
        number=$(printf '%s\n' "$line" | cut -d: -f3)
        first=$(awk -F: -v n="$number" '$4 == n { printf ",%s", $1 }' "$ROOT/etc/passwd")
        printf '%s\n' "$line$first" | sed 's/:,/:/'
    done
    echo "# end"
}
run "$OUT/groups.txt" groups

rules() {
    header audit-rules
    auditctl -l 2>&1 || return
    # rules stay loaded while auditing is switched off
    auditctl -s 2> /dev/null | sed -n 's/^.*enabled[= ]\([0-9]\).*/# enabled \1/p'
    echo "# end"
}
if have auditctl; then run "$OUT/audit-rules.txt" rules; fi
if have kubectl && [ -z "$ROOT" ]; then run "$OUT/kubectl-version.json" kubectl version --client -o json; fi

# --- configuration files, without secrets -----------------------------------------------------------------------------
# copy PATH FILTER: a file to its place in the bundle, through a filter; only plain names.
copy() {
    [ -f "$ROOT$1" ] || return 0
    case $1 in *[!A-Za-z0-9._/@-]* | *..*) echo "$1 is left out for its name" >&2; return ;; esac
    mkdir -p "$OUT$(dirname "$1")"
    run "$OUT$1" "$2" "$ROOT$1"
}
# Values of variables and of HTTP headers are blanked, save etcd's options; so are credentials in arguments.
manifest() {
    awk '
        { match($0, /^[ -]*/); column = RLENGTH }
        hiding && ($0 ~ /^[ \t]*$/ || column > hidden) { next }
        { hiding = 0 }
        /^[ -]*name:/ { name = $0; sub(/^[ -]*name:[ \t]*/, "", name) }
        /^[ -]*-[ ]/ && !/name:/ { name = "" }
        /^[ -]*["\047]?value["\047]?:/ && name !~ /^["\047]?ETCD_/ {
            sub(/:.*/, ": <redacted>"); hiding = 1; hidden = column }
        /last-applied-configuration/ { next }
        {
            gsub(/oken=[^ "\047,\]]*/, "oken=<redacted>"); gsub(/ecret=[^ "\047,\]]*/, "ecret=<redacted>")
            gsub(/assword=[^ "\047,\]]*/, "assword=<redacted>"); gsub(/asswd=[^ "\047,\]]*/, "asswd=<redacted>")
            print
        }' "$1"
}
# Of an encryption configuration only lines of known keys are kept, and no key.
encryption() {
    awk '
        /^[ \t]*(#|$)/ { next }
        /secret["\047]?[ \t]*:/ { sub(/secret["\047]?[ \t]*:.*/, "secret: <redacted>"); print; next }
        length($0) < 120 && /^[ -]*(apiVersion|kind|resources|providers|keys|name|aesgcm|aescbc|secretbox|kms|identity|cachesize|endpoint|timeout):[ \t]*[A-Za-z0-9._\/:"{}-]*[ \t]*$/ { print; next }
        length($0) < 80 && /^ *- +["\047]?[a-z*][a-z0-9.*\/-]*["\047]?[ \t]*$/ { print; next }
        { print "# a line is left out here" }' "$1"
}
# Of other configuration only what Kubernetes calls so, never a kubeconfig; without headers of requests.
settings() {
    grep -qE '^[{ ]*"?apiVersion"?: *"?[a-z.]+\.k8s\.io/' "$1" || return 1
    awk '/^[^ #]/ { drop = /^staticPodURL(Header)?:/ } !drop { print }' "$1"
}
wrapped() {
    echo '{"compliance-daemon-json/1":'
    if [ -s "$1" ]; then sed 's/\("[^"]*[Tt]oken[^"]*"[[:space:]]*:[[:space:]]*"\)[^"]*"/\1<redacted>"/g' "$1"; else echo '{}'; fi
    echo '}'
}
for file in "$ROOT"/etc/kubernetes/manifests/*.yaml "$ROOT"/etc/kubernetes/manifests/*.yml; do copy "${file#"$ROOT"}" manifest; done
copy /var/lib/kubelet/config.yaml settings
copy /etc/docker/daemon.json wrapped
copy /var/lib/docker/swarm/docker-state.json cat
# Files that options name, in manifests and in the process list.
named() { cat "$OUT"/etc/kubernetes/manifests/* "$OUT/processes.txt" 2> /dev/null | grep -oE -e "--$1[= ]/[A-Za-z0-9._/-]+" | sed 's/^[^/]*//' | sort -u; }
for file in $(named encryption-provider-config); do copy "$file" encryption; done
for option in audit-policy-file admission-control-config-file authentication-config authorization-config config; do
    for file in $(named $option); do [ -e "$OUT$file" ] || copy "$file" settings; done
done

# --- owner and mode of files ----------------------------------------------------------------------------------------
# three lines a file: MODE:USER:GROUP:TYPE, path, and where it leads
if find / -maxdepth 0 -printf '' 2> /dev/null; then
    [ -z "$ROOT" ] && owner=%u:%g || owner=%U:%G
    walk() { find "$@" -printf "%m:$owner:%y\\0%p\\0%l\\0" > "$WORK/found" 2> /dev/null; }
    as_lines() { tr '\n\000' '\001\n' < "$WORK/found"; }
else
    walk() {
        find "$@" -exec sh -c 'for f; do
            if [ -L "$f" ]; then t=l; elif [ -d "$f" ]; then t=d; elif [ -S "$f" ]; then t=s; elif [ -f "$f" ]; then t=f; else t=U; fi
            stat -c "%a:$OWNER:$t" "$f" || exit 1
            printf "%s" "$f" | tr "\n" "\001"; echo
            if [ $t = l ]; then readlink "$f" | tr "\n" "\001"; fi; echo
        done' sh {} + > "$WORK/found" 2> /dev/null; }
    as_lines() { sed "s/$ONE\$//" "$WORK/found"; }
fi
listed() { # listed PATH [FIND OPTIONS]: lines of a path and, without options, of all below it
    path=$1; shift
    if [ ! -e "$ROOT$path" ] && [ ! -L "$ROOT$path" ]; then
        # what nobody may look into is not absent
        case $(ls -d "$ROOT$path" 2>&1) in *"No such file"* | *"Not a directory"*) echo "# absent $path" ;; *) echo "# unreadable $path" ;; esac
        return
    fi
    if ! walk "$ROOT$path" "$@"; then echo "# unreadable $path"; fi
    [ $# -gt 0 ] || echo "# walked $path"
    as_lines | escaped | awk -v root="$ROOT" '
        NR % 3 == 1 { meta = $0; gsub(/:/, " ", meta) }
        NR % 3 == 2 { path = $0; if (root != "" && index(path, root) == 1) path = substr(path, length(root) + 1) }
        NR % 3 == 0 { print meta " " path ($0 == "" ? "" : " " $0) }'
}
files() {
    header file-listing
    for path in /var/lib/kubelet /var/lib/docker /run/containerd /etc/systemd/system; do listed $path -maxdepth 0; done
    for path in /etc/kubernetes /var/lib/etcd /var/lib/kube-proxy /etc/cni/net.d /opt/cni/bin /var/lib/kubelet/pki \
        /var/lib/kubelet/config.yaml /usr/local/bin/kubectl \
        /var/lib/kubelet/kubeadm-flags.env /var/lib/kubelet/kubeconfig /etc/default/kubelet /etc/sysconfig/kubelet \
        /etc/docker /etc/containerd /etc/default/docker /etc/sysconfig/docker /root/.docker/ca.pem /root/.docker/cert.pem \
        /root/.docker/key.pem /var/run/docker.sock /run/docker.sock /run/containerd/containerd.sock \
        /var/run/containerd/containerd.sock /run/crio/crio.sock /var/lib/docker/swarm/docker-state.json; do listed $path; done
    for program in dockerd docker containerd containerd-shim containerd-shim-runc-v1 containerd-shim-runc-v2 ctr runc \
        docker-proxy docker-init kubelet kubectl kubeadm; do listed /usr/bin/$program; listed /bin/$program; done
    for unit in kubelet.service kubelet.service.d docker.service docker.service.d docker.socket containerd.service etcd.service; do
        for folder in /etc/systemd/system /usr/lib/systemd/system /lib/systemd/system; do listed $folder/$unit; done
    done
    # what options name: certificates, keys, kubeconfigs, data folders (not what is as wide as /usr)
    grep -ohE '[= ]/[A-Za-z0-9._/-]+' "$OUT/processes.txt" "$OUT"/etc/kubernetes/manifests/* 2> /dev/null | sed 's/^.//; s,/*$,,' |
        grep -E '^/[^/]+/[^/]+/' | grep -vE '^/(proc|sys|dev|usr/(bin|lib|share))/|^/etc/kubernetes/|/\.\.?(/|$)' | sort -u |
        while read -r path; do listed "$path"; done
    echo "# end"
}
run "$OUT/file-listing.txt" files

# --- Docker ---------------------------------------------------------------------------------------------------------
# Of a variable only its name is kept; values of labels and arguments are kept.
CONTAINER='{"Id":{{json .Id}},"Name":{{json .Name}},"Image":{{json .Image}},"Path":{{json .Path}},"Args":{{json .Args}},"State":{{json .State}},"AppArmorProfile":{{json .AppArmorProfile}},"ProcessLabel":{{json .ProcessLabel}},"Platform":{{json .Platform}},"HostConfig":{{json .HostConfig}},"Mounts":{{json .Mounts}},"NetworkSettings":{{json .NetworkSettings}},"Config":{"User":{{json .Config.User}},"Image":{{json .Config.Image}},"Cmd":{{json .Config.Cmd}},"Entrypoint":{{json .Config.Entrypoint}},"Labels":{{json .Config.Labels}},"ExposedPorts":{{json .Config.ExposedPorts}},"Healthcheck":{{json .Config.Healthcheck}},"Env":[{{range $i, $e := .Config.Env}}{{if $i}},{{end}}{{json (printf "%s=<redacted>" (index (split $e "=") 0))}}{{end}}]}}'
SERVICE='{"ID":{{json .ID}},"Spec":{"Name":{{json .Spec.Name}},"TaskTemplate":{"ContainerSpec":{"Image":{{json .Spec.TaskTemplate.ContainerSpec.Image}},"Secrets":{{json .Spec.TaskTemplate.ContainerSpec.Secrets}},"Configs":{{json .Spec.TaskTemplate.ContainerSpec.Configs}},"Env":[{{range $i, $e := .Spec.TaskTemplate.ContainerSpec.Env}}{{if $i}},{{end}}{{json (printf "%s=<redacted>" (index (split $e "=") 0))}}{{end}}]}}}}'
no_secrets() { sed 's/\("[^"]*\([Tt]oken\|[Pp]assword\|[Ss]ecret\)[^"]*":[[:space:]]*"\)[^"]*"/\1<redacted>"/g; s/\(--[a-z-]*\(token\|password\|secret\)=\)[^" ]*/\1<redacted>/g'; }
# as_array: objects, one a line, as one array; plain: the answer as it is; both without what looks like a credential
as_array() { docker "$@" > "$WORK/array" || return 1; echo '['; sed '$!s/$/,/' "$WORK/array" | no_secrets; echo ']'; }
plain() { docker "$@" > "$WORK/plain" || return 1; no_secrets < "$WORK/plain"; }
if have docker && [ -z "$ROOT" ] && docker version > /dev/null 2>&1; then
    run "$OUT/docker-info.json" plain info --format '{{json .}}'
    run "$OUT/docker-version.json" plain version --format '{{json .}}'
    run "$OUT/docker-images.json" plain image ls --no-trunc --digests --format '{{json .}}'
    ids=$(docker network ls -q) && [ -n "$ids" ] && run "$OUT/docker-networks.json" plain network inspect $ids
    ids=$(docker container ls -aq --no-trunc) && [ -n "$ids" ] &&
        run "$OUT/docker-containers.json" as_array container inspect --format "$CONTAINER" $ids
    ids=$(docker node ls -q 2> /dev/null) && [ -n "$ids" ] && run "$OUT/docker-nodes.json" plain node inspect $ids
    ids=$(docker service ls -q 2> /dev/null) && [ -n "$ids" ] &&
        run "$OUT/docker-services.json" as_array service inspect --format "$SERVICE" $ids
fi

# --- the record, and the archive --------------------------------------------------------------------------------------
{
    printf '{"format": "compliance-collection/1", "what": "host", "reference": "%s",\n' "$NAME"
    printf ' "tool": {"name": "collect-host", "version": "%s"},\n "commands": [\n' "$REVISION"
    sed '$!s/$/,/' "$WORK/commands"
    printf ' ],\n "files": [\n'
    (cd "$OUT" && find . -type f ! -path './.work/*' ! -path './collected/*' | sed 's,^\./,,' | sort | while read -r file; do
        sum=$(sha256sum "$file"); size=$(wc -c < "$file" | tr -d ' ')
        printf '  {"path": "%s", "sha256": "%s", "size": %s}\n' "$file" "${sum%% *}" "$size"
    done) | sed '$!s/$/,/'
    printf ' ]}\n'
} > "$WORK/record"
mv "$WORK/record" "$OUT/collected/record.json"
rm -rf "$WORK"
tar -C "$FOLDER" -cf "$OUT.tar.part" "$BUNDLE" || exit 4
mv "$OUT.tar.part" "$OUT.tar" || exit 4
echo "$OUT.tar"
