"""Turns a folder of raw container evidence into an audit packet."""

__version__ = "0.1.0"
