"""Package databases of images: the bytes of one file in; packages and the paths they own out."""
