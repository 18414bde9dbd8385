"""Bookings that are being made: each is written down before anything is sent, and followed until its end is known."""
