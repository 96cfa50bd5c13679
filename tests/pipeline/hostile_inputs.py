"""What an attacker hands in: a hostile text in every place that takes one, credentials wherever people leave them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

#: Texts that must come out inert; each stands first in its place, so that formulas begin a cell.
HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "{{7*7}}{% import os %}",
    "file:///etc/passwd",
    "javascript:alert(1)//",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnp.exe\u2066",
    "zero\x00byte",
    "\r\n+1+1\n| a | b |\u2028<!--",
    " ]]>&amp;\"'`\\ ",
)

#: Values that look like what they are; none may leave the reader.
SECRETS = {
    "environment": "hunter2-Env-9f8e7d6c",
    "argument": "hunter2-Arg-1a2b3c4d",
    "next": "hunter2-Nxt-5e6f7a8b",
    "script": "hunter2-Sh-77aa88bb",
    "applied": "hunter2-Last-0c1d2e3f",
    "settings": "hunter2-Map-4a5b6c7d",
    "string": "hunter2-Str-8e9f0a1b",
    "data": "aHVudGVyMi1EYXRhLTJjM2Q0ZTVm",
    "url": "hunter2-Url-99ee88dd",
    "key": "MIIEpAIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gun",
}
_PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{SECRETS['key']}\n-----END RSA PRIVATE KEY-----\n"

Spoil = Callable[[str], str]


def _meta(h: Spoil, name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": h(name),
        "namespace": h("shop"),
        "labels": {h("app"): h("web")},
        "annotations": {h("note"): h("text"), "kubernetes.io/ingress.class": h("nginx")},
        **more,
    }


def _container(h: Spoil) -> dict[str, Any]:
    probe = {"httpGet": {"path": h("/"), "port": h("http"), "host": h("10.0.0.1"), "scheme": "HTTP"}}
    return {
        "name": h("app"),
        "image": h("registry.example/app:latest"),
        "command": [h("sh"), h("-c")],
        "args": [h("sudo sshd")],
        "workingDir": h("/"),
        "env": [
            {"name": h("NAME"), "value": h("v")},
            {"name": h("NAME"), "value": h("v")},
            {"name": h("DB_PASSWORD"), "valueFrom": {"secretKeyRef": {"name": h("s"), "key": h("k")}}},
            {"name": h("C"), "valueFrom": {"configMapKeyRef": {"name": h("c"), "key": h("k")}}},
        ],
        "envFrom": [{"secretRef": {"name": h("s")}}, {"configMapRef": {"name": h("c")}}],
        "ports": [
            {"name": h("http"), "containerPort": 22, "hostPort": 22, "hostIP": h("127.0.0.1"), "protocol": "TCP"}
        ],
        "livenessProbe": probe,
        "readinessProbe": probe,
        "resources": {"limits": {h("example.com/gpu"): "1"}, "requests": {h("example.com/gpu"): "1"}},
        "securityContext": {
            "privileged": True,
            "procMount": h("Unmasked"),
            "capabilities": {"add": [h("SYS_ADMIN")], "drop": [h("NONE")]},
            "seccompProfile": {"type": h("Unconfined"), "localhostProfile": h("x")},
            "appArmorProfile": {"type": h("Unconfined"), "localhostProfile": h("x")},
            "seLinuxOptions": {"type": h("spc_t"), "user": h("u"), "role": h("r"), "level": h("s0")},
        },
        "volumeMounts": [{"name": h("host"), "mountPath": h("/host"), "mountPropagation": h("Bidirectional")}],
    }


def _pod(h: Spoil) -> dict[str, Any]:
    return {
        "serviceAccountName": h("robot"),
        "nodeName": h("node-1"),
        "hostname": h("host"),
        "subdomain": h("sub"),
        "priorityClassName": h("high"),
        "runtimeClassName": h("runc"),
        "schedulerName": h("default"),
        "hostNetwork": True,
        "hostAliases": [{"ip": h("10.0.0.1"), "hostnames": [h("bank.example")]}],
        "securityContext": {"sysctls": [{"name": h("kernel.msgmax"), "value": h("1")}]},
        "imagePullSecrets": [{"name": h("pull")}],
        "nodeSelector": {h("role"): h("x")},
        "tolerations": [{"key": h("k"), "operator": "Equal", "value": h("v"), "effect": "NoSchedule"}],
        "containers": [_container(h)],
        "initContainers": [{"name": h("init"), "image": h("registry.example/init:1")}],
        "volumes": [
            {"name": h("host"), "hostPath": {"path": h("/etc"), "type": ""}},
            {"name": h("sock"), "hostPath": {"path": "/var/run/docker.sock" + h("")}},
            {"name": h("conf"), "configMap": {"name": h("c"), "items": [{"key": h("k"), "path": h("p")}]}},
            {"name": h("sec"), "secret": {"secretName": h("s")}},
            {"name": h("claim"), "persistentVolumeClaim": {"claimName": h("pvc")}},
            {"name": h("drv"), "csi": {"driver": h("csi.example")}},
        ],
    }


def manifest(h: Spoil) -> list[dict[str, Any]]:
    """Objects of every kind that is judged, with `h(text)` in every place that takes a text."""
    rbac = "rbac.authorization.k8s.io/v1"
    rule = {
        "apiGroups": [h("*")],
        "resources": ["secrets", "pods/exec", h("*")],
        "verbs": ["get", h("*")],
        "resourceNames": [h("n")],
    }
    who = [{"kind": "User", "name": h("eve"), "apiGroup": ""}, {"kind": "Group", "name": h("system:masters")}]
    robot = {"kind": "ServiceAccount", "name": h("robot"), "namespace": h("shop")}
    selector = {"matchLabels": {h("app"): h("web")}}
    backend = {"service": {"name": h("web"), "port": {"name": h("http")}}}
    hook = {
        "name": h("hook"),
        "clientConfig": {"url": h("https://hook.example/")},
        "failurePolicy": h("Ignore"),
        "namespaceSelector": selector,
        "rules": [
            {"apiGroups": [h("")], "apiVersions": [h("v1")], "operations": [h("CREATE")], "resources": [h("pods")]}
        ],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
    }
    template = {"metadata": {"labels": {h("app"): h("web")}}, "spec": _pod(h)}
    objects: list[tuple[str, str, dict[str, Any]]] = [
        ("v1", "Pod", {"spec": _pod(h)}),
        ("apps/v1", "Deployment", {"spec": {"replicas": 1, "selector": selector, "template": template}}),
        ("v1", "Namespace", {}),
        ("v1", "ServiceAccount", {"secrets": [{"name": h("t")}], "imagePullSecrets": [{"name": h("p")}]}),
        (rbac, "ClusterRole", {"rules": [rule, {"nonResourceURLs": [h("/metrics")], "verbs": [h("get")]}]}),
        (rbac, "Role", {"rules": [rule]}),
        (
            rbac,
            "ClusterRoleBinding",
            {"roleRef": {"apiGroup": "", "kind": "ClusterRole", "name": "cluster-admin"}, "subjects": [*who, robot]},
        ),
        (
            rbac,
            "RoleBinding",
            {"roleRef": {"apiGroup": "", "kind": "Role", "name": h("role")}, "subjects": [*who, robot]},
        ),
        (
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {"spec": {"podSelector": selector, "ingress": [{}], "policyTypes": ["Ingress"]}},
        ),
        (
            "v1",
            "Service",
            {
                "spec": {
                    "type": "LoadBalancer",
                    "selector": {h("app"): h("web")},
                    "externalIPs": [h("1.2.3.4")],
                    "loadBalancerSourceRanges": [h("0.0.0.0/0")],
                    "ports": [{"name": h("http"), "port": 80, "nodePort": 30080, "targetPort": h("http")}],
                }
            },
        ),
        (
            "networking.k8s.io/v1",
            "Ingress",
            {
                "spec": {
                    "ingressClassName": h("nginx"),
                    "tls": [{"hosts": [h("a.example")], "secretName": h("tls")}],
                    "rules": [{"host": h("*"), "http": {"paths": [{"path": h("/"), "backend": backend}]}}],
                }
            },
        ),
        ("v1", "ConfigMap", {"data": {h("DB_PASSWORD"): h("value")}}),
        ("v1", "Secret", {"type": h("Opaque"), "stringData": {h("key"): h("value")}}),
        ("v1", "PersistentVolume", {"spec": {"hostPath": {"path": h("/data")}, "storageClassName": h("slow")}}),
        ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", {"webhooks": [hook]}),
        ("kyverno.io/v1", "ClusterPolicy", {"spec": {"validationFailureAction": h("Audit"), "rules": []}}),
        (h("example.com") + "/v1", h("Widget"), {"spec": {}}),
    ]
    return [
        {"apiVersion": api, "kind": kind, "metadata": _meta(h, kind.lower()), **body} for api, kind, body in objects
    ]


def dump(objects: list[dict[str, Any]]) -> bytes:
    """A List as `kubectl get -o json` prints it."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}, indent=4).encode()


def secretive() -> str:
    """A manifest with a credential in every place where people leave one."""
    indented = _PEM.replace("\n", "\n    ")
    applied = json.dumps({"apiVersion": "v1", "kind": "Secret", "stringData": {"password": SECRETS["applied"]}})
    return f"""\
apiVersion: v1
kind: Pod
metadata:
  name: leaky
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {applied}
spec:
  containers:
    - name: app
      image: registry.example/app:latest
      securityContext: {{privileged: true}}
      env:
        - name: DB_PASSWORD
          value: {SECRETS["environment"]}
        - name: DATABASE_URL
          value: postgres://web:{SECRETS["url"]}@db.example/shop
      command: ["app", "--password={SECRETS["argument"]}"]
      args:
        - --token
        - {SECRETS["next"]}
        - sh -c 'export API_TOKEN={SECRETS["script"]} && run'
---
apiVersion: v1
kind: Secret
metadata: {{name: plain, namespace: shop}}
stringData:
  password: {SECRETS["string"]}
data:
  token: {SECRETS["data"]}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings, namespace: shop}}
data:
  DB_PASSWORD: {SECRETS["settings"]}
  tls.key: |
    {indented}
"""


def configuration(h: Spoil) -> str:
    """A compliance.yaml with `h(text)` in every place that takes free text."""
    long = {"date": "2026-01-01", "expires": "2027-01-01"}
    place = {"framework": "cis-kubernetes@2.0.1", "control": "5.2.2"}
    return json.dumps(
        {
            "system": {
                "name": h("Shop"),
                "operator": h("Owner"),
                "marking": h("Public"),
                "boundary": h("All of it"),
                "parties": [{"role": h("Owner"), "name": h("Eve"), "email": h("eve@example.org")}],
            },
            "expected": {"namespaces": [h("missing")], "images": [h("img")], "workloads": [h("w")]},
            "owners": {h("shop"): h("Web team")},
            "responsibility": [
                {**place, "control": "5.3.1", "kind": "shared", "provider": h("Host"), "statement": h("Half of it")}
            ],
            "reviews": [{**place, **long, "status": "satisfied", "reviewer": h("Eve"), "statement": h("Looked")}],
            "deviations": [
                {
                    "id": "D-1",
                    "check": "pod-host-pid",
                    "subjects": [h("shop")],
                    "type": "risk-adjustment",
                    "owner": h("Eve"),
                    "approver": h("Eve"),
                    "rationale": h("Because"),
                    **long,
                }
            ],
        }
    )


def notations(secret: str) -> dict[str, str]:
    """The same credential in the notations of YAML and JSON, each a manifest with a failure beside it."""
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: leaky, namespace: shop}\nspec:\n  containers:\n"
    app = "    - name: app\n      image: x\n      "
    tail = "\n      securityContext:\n        privileged: true\n"
    env = f"{app}env:\n        - name: DB_PASSWORD\n          "
    kept = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\n"
    plain = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"foo": secret}}
    return {
        "flow": f"{head}    - {{name: app, image: x, env: [{{name: DB_PASSWORD, value: {secret}}}]}}\n",
        "value first": f"{head}{app}env:\n        - value: {secret}\n          name: DB_PASSWORD{tail}",
        "block scalar": f"{head}{env}value: |\n            {secret}{tail}",
        "next line": f"{head}{env}value:\n            {secret}{tail}",
        "two lines": f'{head}{env}value: "begins\n            {secret}"{tail}',
        "after a comment": f"{head}{env}# note\n          value: {secret}{tail}",
        "anchor": f"{head}{env}value: &pw {secret}{tail}",
        "tag": f"{head}{env}value: !!str {secret}{tail}",
        "flags in flow": f'{head}{app}args: ["--password", "{secret}"]{tail}',
        "flags in quotes": f"{head}{app}args:\n        - '--password'\n        - '{secret}'{tail}",
        "script": f"{head}{app}args:\n        - |\n          export DB_PASSWORD={secret}\n          run{tail}",
        "header": f"{head}{app}command: [curl, -H, 'Authorization: Bearer {secret}']{tail}",
        "Secret in flow": f"{kept}stringData: {{foo: {secret}}}\n",
        "Secret over lines": f"{kept}stringData:\n  foo: |\n    bar\n    {secret}\n",
        "Secret, kind last": f"stringData:\n  foo: {secret}\nmetadata: {{name: s}}\nkind: Secret\napiVersion: v1\n",
        "Secret in JSON": json.dumps(plain, indent=1),
        "Secret in one line": json.dumps(plain),
        "broken Secret": f'{kept}stringData:\n  foo: "{secret}\\q"\n',
        "broken type": f"{kept}stringData:\n  - {secret}\n",
        "broken tag": f"{kept}stringData:\n  foo: !{secret} x\n",
        "broken alias": f"{kept}stringData:\n  foo: *{secret}\n",
    }
