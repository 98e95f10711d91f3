"""How is the command line run as a module? `python -m kalanso.cli`."""

from kalanso.cli import main

main()
