"""Transforms of the group stages; see each file."""
