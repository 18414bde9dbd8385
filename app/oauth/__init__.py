"""Accounts that their owners have connected: grants, the tokens they stand for, and how one comes about."""
