"""Calendly's webhooks: who subscribed to what, and the messages that are sent."""
