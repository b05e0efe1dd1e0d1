"""JSON Merge Patch (RFC 7396): a document that looks like the change it makes; null removes a member."""

from typing import Any


def merge_patch(target: Any, patch: Any) -> Any:
    """The target as the patch makes it; neither is changed.

    >>> merge_patch({"title": "Old", "note": "x"}, {"title": "New", "note": None})
    {'title': 'New'}
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result
