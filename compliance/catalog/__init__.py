"""Loads controls/ and mappings/ and answers questions about them."""
