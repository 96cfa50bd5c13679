"""Output formats: an Assessment in, the bytes of files out."""
