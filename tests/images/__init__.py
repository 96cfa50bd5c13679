"""Images made in memory for tests: from a description to the bytes of every form an image is handed in."""
