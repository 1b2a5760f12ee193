"""Transforms of the group language; see each file."""
