"""What happens to slots, told to whoever listens: kept for a while in Redis, and handed out in every process."""
