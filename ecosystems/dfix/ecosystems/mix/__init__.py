"""Mix, Hex and rebar3: facts in `knowledge.toml`, calls in `reader`, what a project's files name in `exs`."""
