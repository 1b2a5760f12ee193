"""The command line. `main` is its door; a subcommand's module is imported when it is called."""
