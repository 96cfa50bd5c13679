FROM registry.example.com/base/python:3.12@sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
EXPOSE 8080 22/tcp
