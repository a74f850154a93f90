# SPDX-License-Identifier: Apache-2.0
"""Wraps and unwraps key blocks with psec: one JSON request a line, one JSON answer a line."""

import json
import sys

from psec import tr31


def answer(request):
    exchange = bytes.fromhex(request["exchange"])
    try:
        if request["do"] == "wrap":
            # `room` hides the key's length; left out, psec does it by itself.
            return {"block": tr31.wrap(exchange, request["header"], bytes.fromhex(request["key"]), request.get("room"))}
        header, key = tr31.unwrap(exchange, request["block"])
    except (tr31.HeaderError, tr31.KeyBlockError) as refused:
        return {"refused": str(refused)}
    fields = ["version_id", "key_usage", "algorithm", "mode_of_use", "version_num", "exportability"]
    told = {name: getattr(header, name) for name in fields}
    return {"key": key.hex().upper(), "header": told, "blocks": dict(header.blocks)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
