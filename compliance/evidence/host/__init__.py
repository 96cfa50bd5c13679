"""What a script of ours says of a host, and what `find`, `mount` and others print: text in, records out."""
