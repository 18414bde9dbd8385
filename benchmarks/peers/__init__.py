"""Whom the service is compared with: each as fast as its own tools make it, and with fewer features, never more.

The list in `roster.py` says for each what it does and what it leaves out.
"""
