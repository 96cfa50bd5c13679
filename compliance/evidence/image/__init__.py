"""Images: archives and folders of blobs in, Image records out; nothing is unpacked to disk."""
