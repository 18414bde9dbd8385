"""How many calls we may still make to Calendly: counted by all replicas together, and by what Calendly says."""
