"""`python -m app` is `calendly-bff`."""

from app.start import main

main()
