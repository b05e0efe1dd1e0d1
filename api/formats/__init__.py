"""Rows in, text out: one small file for each media type. Pure."""
