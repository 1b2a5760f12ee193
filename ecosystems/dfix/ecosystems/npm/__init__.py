"""npm: facts in `knowledge.toml`, the reader of calls and projects in `reader`, what runs in `runtime`."""
