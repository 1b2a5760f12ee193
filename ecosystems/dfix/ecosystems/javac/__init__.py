"""javac: facts in `knowledge.toml`, calls in `reader`, what runs in the folder of its language."""
