"""uv; see the reader."""
