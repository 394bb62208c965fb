"""The receiver's page: its code checks what we sign, its example is what we send."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gongzhi.webhooks.message import Told, encode_secret, envelope, headers
from tests.docs.markdown import DOCS, Block, read

PAGE = DOCS / "webhooks.md"
SECRETS = [encode_secret(bytes([n]) * 32) for n in (1, 2)]
OTHER = encode_secret(bytes([3]) * 32)
BODY = b'{"type":"ledger.issue.settle"}'

Verify = Callable[[str, dict[str, str], bytes], bool]


def block(title: str) -> Block:
    (found,) = [each for each in read(PAGE).blocks if each.title == title]
    return found


def in_python(_folder: Path) -> Verify:
    names: dict[str, Any] = {}
    exec(block("verify.py").text, names)  # noqa: S102  # the page's own
    return names["verify"]


def in_javascript(folder: Path) -> Verify:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here")
    (folder / "verify.mjs").write_text(block("verify.mjs").text)
    (folder / "run.mjs").write_text(
        'import { verify } from "./verify.mjs";\n'
        "const [secret, headers, body] = JSON.parse(process.argv[2]);\n"
        "console.log(verify(secret, headers, Buffer.from(body)));\n"
    )

    def verify(secret: str, given: dict[str, str], body: bytes) -> bool:
        asked = json.dumps([secret, given, body.decode()])
        done = subprocess.run(
            [node, "run.mjs", asked], cwd=folder, capture_output=True, text=True, check=True
        )
        return done.stdout == "true\n"

    return verify


@pytest.mark.parametrize("language", [in_python, in_javascript])
def test_the_code_on_the_page_checks_a_message(
    language: Callable[[Path], Verify], tmp_path: Path
) -> None:
    verify = language(tmp_path)
    now = int(time.time())
    signed = headers(SECRETS, "msg_1", now, BODY)
    assert [verify(secret, signed, BODY) for secret in SECRETS] == [True, True]
    assert not verify(OTHER, signed, BODY)
    assert not verify(SECRETS[0], signed, BODY.replace(b"settle", b"reject"))
    assert not verify(SECRETS[0], {**signed, "webhook-id": "msg_2"}, BODY)
    assert not verify(SECRETS[0], headers(SECRETS, "msg_1", now - 3600, BODY), BODY)


def test_the_body_on_the_page_is_one_of_ours() -> None:
    shown = json.loads(block("an example of a body").text)
    told = Told(
        id=shown["id"],
        kind=shown["type"],
        occurred_at=dt.datetime.fromisoformat(shown["time"]),
        recorded_at=dt.datetime.fromisoformat(shown["data"]["recordedAt"]),
        subject=shown["subject"],
        organization=shown["data"]["organization"],
        data=shown["data"]["details"],
    )
    assert json.loads(envelope(told, shown["source"])) == shown
