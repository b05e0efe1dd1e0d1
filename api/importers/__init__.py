"""A file in, checked records out."""
