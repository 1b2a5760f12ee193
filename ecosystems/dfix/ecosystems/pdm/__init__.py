"""PDM; see the reader."""
