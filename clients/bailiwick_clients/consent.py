"""What a person does in the browser when a program asks to be let in."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import requests


def agree(browser: requests.Session, address: str) -> dict[str, str]:
    """Says yes on the page that a program leads to, in a browser that is signed in. Gives what the program is told."""
    page = browser.get(address, allow_redirects=False, timeout=60)
    assert page.status_code == 200, page.text
    form = {k: html.unescape(v) for k, v in re.findall(r'name="([a-z_]+)" value="([^"]*)"', page.text)}
    back = browser.post(address.split("?")[0], data=form | {"answer": "allow"}, allow_redirects=False, timeout=60)
    assert back.status_code == 303, back.text
    return {k: v[0] for k, v in parse_qs(urlsplit(back.headers["Location"]).query).items()}
