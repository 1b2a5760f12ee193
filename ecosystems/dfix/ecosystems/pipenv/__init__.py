"""Pipenv; see the reader."""
