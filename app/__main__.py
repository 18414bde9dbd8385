"""`python -m app` is `calendly-bff`."""

from app.cli import main

main()
