"""zypper: facts in `knowledge.toml`, calls in `reader`."""
