"""Calendly's own pages, plainly: what a visitor does on them happens."""
