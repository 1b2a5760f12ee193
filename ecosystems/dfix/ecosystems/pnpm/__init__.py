"""pnpm: facts in `knowledge.toml`, calls and projects in `reader`, what runs in the folder of its language."""
