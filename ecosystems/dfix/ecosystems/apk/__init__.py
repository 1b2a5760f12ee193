"""Alpine's apk: facts in `knowledge.toml`, calls in `reader`."""
