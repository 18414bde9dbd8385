"""Tells the customer's own backend of bookings: signed notices, written down before they are sent, sent until taken."""
