"""What can be booked: the published event types of the account, in our words."""
