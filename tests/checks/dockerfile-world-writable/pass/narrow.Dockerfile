FROM registry.example.com/base/python:3.12@sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
RUN chmod 0750 /srv && chmod u+x /app && chmod 1777 /tmp && chmod g+w /srv
