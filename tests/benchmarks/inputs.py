"""Makes the evidence that is measured: Deployments of two containers, the same bytes on every machine."""

from __future__ import annotations

from pathlib import Path

#: Four Deployments in turn, as a grown cluster holds them: hardened, mostly done, as the tutorial has it, and bad.
_POD_SECURITY = (
    "runAsNonRoot: true\n        runAsUser: {uid}\n        runAsGroup: {uid}\n        seccompProfile:\n"
    "          type: RuntimeDefault",
    "runAsNonRoot: true\n        fsGroup: {uid}",
    "fsGroup: 2000",
    "runAsUser: 0",
)
_CONTAINER_SECURITY = (
    "allowPrivilegeEscalation: false\n            readOnlyRootFilesystem: true\n            capabilities:\n"
    "              drop: [ALL]",
    "allowPrivilegeEscalation: false\n            capabilities:\n              drop: [NET_RAW]",
    "readOnlyRootFilesystem: false",
    "privileged: true",
)
_IMAGES = ("@sha256:{digest}", ":4.{n}.1", ":1.27", ":latest")

_TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-{n}
  namespace: team-{team}
  labels:
    app.kubernetes.io/name: service-{n}
    app.kubernetes.io/part-of: shop
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app.kubernetes.io/name: service-{n}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: service-{n}
        app.kubernetes.io/part-of: shop
      annotations:
        prometheus.io/scrape: "true"
    spec:
      serviceAccountName: service-{n}
      automountServiceAccountToken: {automount}
      securityContext:
        {pod_security}
      containers:
        - name: app
          image: registry.example/shop/service-{n}{image}
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: info
            - name: DATABASE_HOST
              value: db.team-{team}.svc
            - name: DATABASE_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: service-{n}
                  key: password
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              cpu: 500m
              memory: 256Mi
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
          securityContext:
            {container_security}
          volumeMounts:
            - name: config
              mountPath: /etc/service
        - name: proxy
          image: registry.example/mesh/proxy{image}
          args: ["--upstream", "127.0.0.1:8080", "--admin", "9901"]
          ports:
            - name: mesh
              containerPort: 15001
          resources:
            limits:
              memory: 64Mi
          securityContext:
            {container_security}
      volumes:
        - name: config
          configMap:
            name: service-{n}
"""


def deployment(number: int) -> str:
    """The manifest of one Deployment; its number alone decides the text."""
    kind = number % 4
    uid = 10_000 + number
    return _TEMPLATE.format(
        n=number,
        team=number % 25,
        replicas=1 + number % 3,
        automount="false" if kind < 2 else "true",
        pod_security=_POD_SECURITY[kind].format(uid=uid),
        container_security=_CONTAINER_SECURITY[kind],
        image=_IMAGES[kind].format(n=number % 40, digest=f"{number:064x}"),
    )


def write(folder: Path, count: int, *, per_file: int) -> Path:
    """Fill `folder` with `count` Deployments, `per_file` documents in a file; a folder that is there is kept."""
    if folder.is_dir():
        return folder
    folder.mkdir(parents=True)
    for start in range(0, count, per_file):
        texts = [deployment(number) for number in range(start, min(start + per_file, count))]
        (folder / f"part-{start:06d}.yaml").write_text("---\n".join(texts))
    return folder
