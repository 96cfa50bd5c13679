"""Runs an assessment from paths to packet; the only package that knows all others."""
