"""Redis, or what stands in for it in one process."""
