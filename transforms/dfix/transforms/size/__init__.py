"""Transforms of the group size; see each file."""
