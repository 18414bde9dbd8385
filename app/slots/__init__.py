"""Free times, kept as day buckets: the slots of one event type whose start falls on one UTC date."""
