"""Measurements of speed and memory, run by `make bench` and never by pytest: a clock is no test."""
