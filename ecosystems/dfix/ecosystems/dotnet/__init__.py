""".NET: facts in `knowledge.toml`, calls in `reader`, projects and solutions in `projects` and `graph`."""
