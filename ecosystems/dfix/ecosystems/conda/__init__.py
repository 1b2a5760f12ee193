"""conda; see the reader."""
