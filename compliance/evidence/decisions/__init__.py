"""Readers of what the cluster's gate decided: policy reports, constraint statuses, annotations and audit events."""
