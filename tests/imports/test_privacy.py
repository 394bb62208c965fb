"""What an import of many personal values relies on."""

import base64
import hashlib
import hmac

from gongzhi.privacy import Privacy, fold


def test_many_values_are_encrypted_like_one(privacy):
    values = ["示例", None, "示例", "11010119900307100X", ""]
    stored = privacy.encrypt_all(values)
    assert [None if s is None else privacy.decrypt(s) for s in stored] == values
    assert len({s[1:13] for s in stored if s is not None}) == 4
    assert privacy.encrypt_all([]) == []


def test_the_look_up_hash_is_a_plain_hmac():
    secret = bytes(range(40))
    privacy = Privacy(base64.b64encode(secret).decode())
    key = hmac.digest(secret, b"gongzhi look-up", "sha256")
    for value in ("示例", "１３８ 1234 8000", "11010119900307100x"):
        expected = hmac.new(key, fold(value).encode(), hashlib.sha256).hexdigest()
        assert privacy.digest(value) == privacy.digest(value) == expected
