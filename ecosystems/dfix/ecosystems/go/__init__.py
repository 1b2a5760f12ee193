"""go: facts in `knowledge.toml`, calls and projects in `reader`, what runs in `runtime`."""
