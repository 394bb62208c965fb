"""Where webhooks may lead: one spelling of a URL, and no address inside the network.

A receiver is named by whoever makes the webhook, and called by the server: without these rules it
could be a service that trusts the server's network (SSRF). The sources of the table are the IANA
registries of special-purpose addresses, for IPv4 and for IPv6, both on RFC 6890.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

from gongzhi.webhooks.rules import REFUSALS

MAX_URL = 2000

Address = IPv4Address | IPv6Address

_REFUSED_V4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this network; 0.0.0.0 is this host on Linux
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; also metadata of a cloud, 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a public address that one cloud uses for its metadata
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved; broadcast
    )
)
_UNICAST_V6 = IPv6Network("2000::/3")
"""All that IANA has given out for global unicast; everything else is refused."""
_REFUSED_V6 = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments; Teredo hides an IPv4 address in it
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 hides an IPv4 address
        "3fff::/20",  # documentation
    )
)
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""NAT64: its last four bytes are an IPv4 address."""

_URL = re.compile(
    r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?((?:[/?](?:(?![#\\])[!-~])*)?)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORTS = {"http": 80, "https": 443}
_MAX_NAME = 253
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in parts."""

    scheme: str
    host: str
    """A name in lower case without the last dot, or an address without brackets."""
    port: int
    path: str
    """With the query."""

    @property
    def authority(self) -> str:
        """Host and port as in a URL and in the header ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The one spelling."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def masked(self) -> str:
        """The URL without what may be a key: many receivers are known by their path or query."""
        rest = "/" if self.path == "/" else "/…"
        return f"{self.scheme}://{self.authority}{rest}"

    @property
    def address(self) -> Address | None:
        """The host, where it is an address."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def parse_target(url: str, allow_private: Collection[str]) -> Target:
    """Read a URL that a webhook is to lead to.

    An address has one spelling only: ``127.1`` and ``0x7f000001``, which many resolvers take for
    ``127.0.0.1``, are refused. A name is not resolved here but whenever it is called.

    :param allow_private: hosts for which the rules on addresses and TLS do not hold; ``*`` is any.
    :raises RuleError: URL_INVALID, URL_INSECURE, ADDRESS_REFUSED.
    """
    match = _URL.fullmatch(url) if len(url) <= MAX_URL else None
    if match is None:
        REFUSALS.refuse("URL_INVALID", "url")
    scheme = match[1].lower()
    target = Target(
        scheme=scheme,
        host=_host(match[2].lower()),
        port=int(match[3] or _PORTS[scheme]),
        path=f"{'' if match[4].startswith('/') else '/'}{match[4]}",
    )
    if not 1 <= target.port <= _MAX_PORT:
        REFUSALS.refuse("URL_INVALID", "url")
    if not is_allowed(target.host, allow_private):
        if scheme != "https":
            REFUSALS.refuse("URL_INSECURE", "url")
        inside = target.host == "localhost" or target.host.endswith(".localhost")
        if inside or (target.address is not None and is_refused(target.address)):
            REFUSALS.refuse("ADDRESS_REFUSED", "url")
    return target


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1]))
        except ValueError:
            REFUSALS.refuse("URL_INVALID", "url")
    host = text.removesuffix(".")
    labels = host.split(".")
    if len(host) > _MAX_NAME or not all(map(_LABEL.fullmatch, labels)):
        REFUSALS.refuse("URL_INVALID", "url")
    if _NUMERIC.fullmatch(labels[-1]):  # then it is an address, or an attempt at one
        try:
            return str(IPv4Address(host))
        except ValueError:
            REFUSALS.refuse("URL_INVALID", "url")
    return host


def is_allowed(host: str, allow_private: Collection[str]) -> bool:
    """Return whether the settings exempt a host."""
    return "*" in allow_private or host in {each.lower().strip("[]") for each in allow_private}


def is_refused(address: Address) -> bool:
    """Return whether an address is private, reserved, or leads to such a one."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if address in _TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None:
            return address not in _UNICAST_V6 or any(address in each for each in _REFUSED_V6)
        address = inner
    return any(address in each for each in _REFUSED_V4)
