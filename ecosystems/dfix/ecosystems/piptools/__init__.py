"""pip-tools; see the reader."""
