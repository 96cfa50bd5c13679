"""`python -m compliance.cli` does what the installed command does."""

from compliance.cli import main

main()
