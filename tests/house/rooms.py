"""The source roots."""

ROOMS = ("grammar", "ecosystems", "refactor", "transforms", "verify", "frontends")
