"""Bundler and RubyGems: facts in `knowledge.toml`, calls in `reader`, projects in `gemfile` and `lockfile`."""
