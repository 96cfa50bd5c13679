"""Readers of Docker hosts: what the engine, its configuration file and its swarm say, without credentials."""
