"""Cargo: what Rust projects are fetched, built and installed with; see `reader`."""
