"""apt-get, apt and aptitude: facts in `knowledge.toml`, calls in `reader`."""
