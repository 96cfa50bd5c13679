FROM registry.example.com/base/python:3.12@sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
HEALTHCHECK --interval=30s CMD ["/app", "health"]
