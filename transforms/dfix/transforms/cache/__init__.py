"""Transforms of the group cache; see each file."""
