"""`python -m simulator` is `calendly-simulator`."""

from simulator.cli import main

main()
