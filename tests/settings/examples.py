"""What settings say in these tests. What is wrong with one holds the marker, which nobody may repeat."""

from tests.support.keys import SECRET_KEY

MARKER = "marker"
TOKEN = "a-token-of-ours"
RELAY_SECRET = "whsec_" + SECRET_KEY
