"""What Calendly tells us by itself: taken in, kept until it is done with, and carried out."""
