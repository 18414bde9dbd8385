"""Free times, kept as day buckets. A bucket holds what one event type offers on one UTC date."""
