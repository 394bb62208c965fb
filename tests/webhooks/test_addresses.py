"""Where webhooks may lead (SSRF)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongzhi.errors import RuleError
from gongzhi.webhooks.addresses import is_allowed, is_refused, parse_target

ONE_SPELLING = {
    "https://example.org": "https://example.org/",
    "HTTPS://Example.ORG:443/Hook": "https://example.org/Hook",
    "https://example.org.": "https://example.org/",
    "https://example.org?key=1": "https://example.org/?key=1",
    "https://example.org:8443/a/b?c=d@e": "https://example.org:8443/a/b?c=d@e",
    "https://xn--fsqu00a.xn--0zwm56d/a": "https://xn--fsqu00a.xn--0zwm56d/a",
    "https://8.8.8.8/": "https://8.8.8.8/",
    "https://[2606:4700::1111]:8443/x": "https://[2606:4700::1111]:8443/x",
    "https://[2606:4700:0:0:0:0:0:1111]/": "https://[2606:4700::1111]/",
    "https://[::ffff:8.8.8.8]/": "https://[::ffff:808:808]/",
    "https://3com.example/": "https://3com.example/",
    "https://a_b.example/": "https://a_b.example/",
}

REFUSED = {
    # not a URL, or one that programs read differently
    "": "URL_INVALID",
    "example.org/hook": "URL_INVALID",
    "//example.org/": "URL_INVALID",
    "ftp://example.org/": "URL_INVALID",
    "file:///etc/passwd": "URL_INVALID",
    "gopher://127.0.0.1:25/_HELO": "URL_INVALID",
    "https://": "URL_INVALID",
    "https:///hook": "URL_INVALID",
    "https://user@example.org/": "URL_INVALID",
    "https://user:password@example.org/": "URL_INVALID",
    "https://example.org#@127.0.0.1/": "URL_INVALID",
    "https://example.org/a#b": "URL_INVALID",
    "https://example.org\\@127.0.0.1/": "URL_INVALID",
    "https://example.org/\\x": "URL_INVALID",
    "https://example.org/a b": "URL_INVALID",
    " https://example.org/": "URL_INVALID",
    "https://example.org/\r\nHost: inside": "URL_INVALID",
    "https://example.org/\t": "URL_INVALID",
    "https://exa\nmple.org/": "URL_INVALID",
    "https://例子.测试/": "URL_INVALID",
    "https://①②⑦.⓪.⓪.①/": "URL_INVALID",
    "https://example.org/钩子": "URL_INVALID",
    "https://%31%32%37.0.0.1/": "URL_INVALID",
    "https://example.org:0/": "URL_INVALID",
    "https://example.org:65536/": "URL_INVALID",
    "https://example.org:/": "URL_INVALID",
    "https://a..b/": "URL_INVALID",
    "https://-a.example/": "URL_INVALID",
    f"https://{'a' * 64}.example/": "URL_INVALID",
    f"https://example.org/{'a' * 2000}": "URL_INVALID",
    # an address in another spelling
    "https://127.1/": "URL_INVALID",
    "https://127.0.1/": "URL_INVALID",
    "https://0x7f000001/": "URL_INVALID",
    "https://0x7f.0.0.1/": "URL_INVALID",
    "https://0x7f.0.0.0x1/": "URL_INVALID",
    "https://2130706433/": "URL_INVALID",
    "https://017700000001/": "URL_INVALID",
    "https://0177.0.0.1/": "URL_INVALID",
    "https://127.0.0.01/": "URL_INVALID",
    "https://0/": "URL_INVALID",
    "https://256.0.0.1/": "URL_INVALID",
    "https://1.2.3.4.5/": "URL_INVALID",
    "https://[::1%25lo]/": "URL_INVALID",
    "https://[::1/": "URL_INVALID",
    "https://[1::2::3]/": "URL_INVALID",
    # inside
    "https://localhost/": "ADDRESS_REFUSED",
    "https://LOCALHOST./": "ADDRESS_REFUSED",
    "https://a.localhost/": "ADDRESS_REFUSED",
    "https://127.0.0.1/": "ADDRESS_REFUSED",
    "https://127.0.0.1./": "ADDRESS_REFUSED",
    "https://127.255.255.254:8443/": "ADDRESS_REFUSED",
    "https://0.0.0.0/": "ADDRESS_REFUSED",
    "https://10.1.2.3/": "ADDRESS_REFUSED",
    "https://169.254.169.254/latest/meta-data/": "ADDRESS_REFUSED",
    "https://100.100.100.200/": "ADDRESS_REFUSED",
    "https://[::1]/": "ADDRESS_REFUSED",
    "https://[::]/": "ADDRESS_REFUSED",
    "https://[0:0:0:0:0:0:0:1]/": "ADDRESS_REFUSED",
    "https://[::ffff:127.0.0.1]/": "ADDRESS_REFUSED",
    "https://[::ffff:7f00:1]/": "ADDRESS_REFUSED",
    "https://[fd00:ec2::254]/": "ADDRESS_REFUSED",
    # not encrypted
    "http://example.org/": "URL_INSECURE",
    "http://127.0.0.1/": "URL_INSECURE",
}

INSIDE = (
    "0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",  # noqa: S104  # an example
    "127.0.0.1", "168.63.129.16", "169.254.0.23", "169.254.169.254", "172.16.0.0",
    "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1", "2002:7f00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1",
)  # fmt: skip
OUTSIDE = (
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0",
    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
    "114.114.114.114",
    "::ffff:8.8.8.8", "64:ff9b::808:808", "2400:3200::1", "2606:4700::1111", "2001:200::1",
)  # fmt: skip


@pytest.mark.parametrize(("url", "spelling"), ONE_SPELLING.items())
def test_a_url_has_one_spelling(url: str, spelling: str) -> None:
    assert parse_target(url, ()).url == spelling
    assert parse_target(spelling, ()).url == spelling


@pytest.mark.parametrize(("url", "code"), REFUSED.items())
def test_what_does_not_lead_outside_is_refused(url: str, code: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse_target(url, ())
    assert (refused.value.code, refused.value.field) == (code, "url")


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_refused(address: str) -> None:
    assert is_refused(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_outside_are_not(address: str) -> None:
    assert not is_refused(ip_address(address))


@given(st.integers(0, 2**32 - 1).map(IPv4Address) | st.ip_addresses(v=4))
def test_whatever_the_library_takes_for_private_is_refused(address: IPv4Address) -> None:
    assert address.is_global or is_refused(address)
    assert not address.is_multicast or is_refused(address)


@given(st.ip_addresses(v=6))
def test_whatever_the_library_takes_for_private_in_ipv6_is_refused(address: IPv6Address) -> None:
    if address.ipv4_mapped is None:
        assert address.is_global or is_refused(address)
    else:
        assert is_refused(address) == is_refused(address.ipv4_mapped)


@given(st.integers(0, 2**32 - 1))
def test_an_address_inside_an_address_is_judged(number: int) -> None:
    plain = IPv4Address(number)
    mapped, translated = IPv6Address(0xFFFF << 32 | number), IPv6Address(f"64:ff9b::{plain}")
    assert is_refused(mapped) is is_refused(translated) is is_refused(plain)


def test_the_settings_exempt_hosts() -> None:
    allowed = ("Receiver.lan", "127.0.0.1", "[::1]")
    for url in ("http://receiver.lan/", "http://127.0.0.1:9/", "http://[::1]/"):
        assert parse_target(url, allowed).url == url
    for url in ("http://other.lan/", "https://127.0.0.2/"):
        with pytest.raises(RuleError):
            parse_target(url, allowed)
    assert parse_target("http://localhost/", ("*",)).host == "localhost"
    assert not is_allowed("lan", ("receiver.lan",))


def test_the_masked_url_has_no_key() -> None:
    masked = parse_target("https://example.org:8443/hook/s3cret?key=k3y", ()).masked
    assert masked == "https://example.org:8443/…"
    assert parse_target("https://example.org/", ()).masked == "https://example.org/"
