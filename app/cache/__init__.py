"""The cache: typed entries on Redis that may vanish at any time and do no harm when Redis is away."""
