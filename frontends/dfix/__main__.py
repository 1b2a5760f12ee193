"""`python -m dfix`."""

from dfix.cli.main import main

if __name__ == "__main__":
    main()
