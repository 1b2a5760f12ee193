"""Composer: facts in `knowledge.toml`, calls in `reader`, what an install reads in `inputs`, its lock in `lockfile`."""
