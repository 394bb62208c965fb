"""The command line of a deployment that has the errands, as the tests of the host have it."""

from tests.host.conftest import gongzhi, install

__all__ = ["gongzhi", "install"]
