FROM registry.example.com/base/python:3.12@sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
RUN --mount=type=secret,id=token fetch --token-file /run/secrets/token
ENV PASSWORD_FILE=/run/secrets/db
