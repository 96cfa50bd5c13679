FROM registry.example.com/base/python:3.12@sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 AS base
USER 10001
FROM base
COPY app.py /srv/
