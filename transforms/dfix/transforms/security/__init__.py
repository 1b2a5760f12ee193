"""Transforms of the group security; see each file."""
