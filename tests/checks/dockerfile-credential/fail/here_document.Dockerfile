FROM registry.example.com/base/python:3.12@sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
COPY <<EOF /etc/app.ini
password=correct-horse-9
EOF
