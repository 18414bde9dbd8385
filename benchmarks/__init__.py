"""What is claimed about speed, measured: `make bench`. `targets.py` lists the claims, `scenes/` measures them."""
