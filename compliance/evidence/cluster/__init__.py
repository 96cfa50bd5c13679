"""Readers of how a cluster's components are started and configured: command lines and documents of settings."""
