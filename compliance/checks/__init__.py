"""Checks: records in, verdicts out; one module for each family."""
