"""Readers of vulnerability scans, of VEX statements, and of catalogs of exploited vulnerabilities."""
