"""Poetry; see the reader."""
