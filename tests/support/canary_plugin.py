"""Fails a test whose service let a canary out: in an answer, a metric, a Redis key, or anything it printed."""

from collections.abc import Generator

import pytest

from tests.support.canary import drained, forget_issued, leaks


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    result = yield
    printed = [leak for name, text in result.sections for leak in leaks(f"{name} of the test", text)]
    found = drained() + printed
    if found and result.passed:
        result.outcome = "failed"
        result.longrepr = "\n".join(f"{leak.canary} leaked into {leak.place}" for leak in found)
    if result.when == "teardown":
        forget_issued()
    return result
