"""compliance.yaml in, a Configuration out."""
