"""`make soak-accounts`: the tokens of connected accounts, renewed by several processes under every bad day there is,
and the secret keys that seal them, changed under load.
"""

import logging

from app.observability import configure_logging
from tests.soak.command import TrialsByName, run
from tests.soak.renewals import run_kills, run_without_leases
from tests.soak.secret_keys import run_secret_keys

TRIALS: TrialsByName = {
    "kills": (200, run_kills),
    "without-leases": (20, run_without_leases),
    "secret-keys": (3, run_secret_keys),
}

if __name__ == "__main__":
    configure_logging("error")
    # The simulator's server complains of its own end.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    run("tests.soak.accounts", TRIALS)
