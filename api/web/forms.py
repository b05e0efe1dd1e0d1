"""Reads whose parameters come as a form by POST, because they are too long for a URL. They change nothing."""

from flask import request

from api.model.problem import Problem
from api.model.text import shown

FORM = "application/x-www-form-urlencoded"
FORM_BYTES = 1024 * 1024
"""The largest form: several times a full batch of names to match, as nobody needs a key to send one."""


def asked() -> bytes:
    """The parameters of the request as a query string: those of its URL, and by POST those of its form too."""
    if request.method != "POST":
        return request.query_string
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != FORM or charset != "utf-8":
        sent = shown(request.content_type) if request.content_type else "none"
        detail = f"The Content-Type is {sent}; this takes {FORM}, in UTF-8."
        raise Problem(415, "unsupported-media-type", detail, headers={"Accept": FORM})
    return b"&".join(filter(None, (request.query_string, request.get_data())))
