"""Observations in, findings, actions and requests out."""
