"""dnf, microdnf and yum: facts in `knowledge.toml`, calls in `reader`."""
