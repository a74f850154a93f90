#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a cardmint ledger by an export or an evidence bundle, with Python's standard library and the table acts.json.

    python3 verify_ledger.py FILE [CHECKPOINT] [VKEY]

FILE has all entries (JSON Lines) or is an evidence bundle, which has its checkpoint in it. Written from ledger.md,
ledger-centre.md and evidence.md. Prints one line per finding and a last line `good` or `bad`; exit code 0 or 3.
"""
import base64
import functools
import hashlib
import itertools
import json
import os
import re
import sys
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from datetime import datetime

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "acts.json"), encoding="utf-8") as table:
    TABLE = json.load(table)
ACTS = {name: TABLE["acts"].get(act.get("as"), {}) | act for name, act in TABLE["acts"].items()}

class Finding(Exception):
    """A check that fails, and what is wrong."""

def need(check, what, *holds):
    if not all(holds):
        raise Finding("LEDGER-" + check, what)

# ---- Ed25519 (RFC 8032), strict: points of small order are refused ----
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT, NEUTRAL = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P), (0, 1, 1, 0)
BASE = (4 * pow(5, -1, P) % P).to_bytes(32, "little")

def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P

def is_small(a):
    return functools.reduce(lambda b, _: add(b, b), range(3), a)[0] == 0

@functools.lru_cache(200)
def multiples(raw):
    """Of the point's negative: 0 to 15 times each power of 16. None for bytes that are no point that may be used."""
    y, sign = int.from_bytes(raw, "little") & (2**255 - 1), raw[31] >> 7
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x if x * x % P == xx else x * ROOT % P
    x = P - x if x & 1 == sign else x
    unit, rows = (x, y, 1, x * y % P), []
    for _ in range(64 if y < P and x * x % P == xx and not is_small(unit) else 0):
        *row, unit = itertools.accumulate([unit] * 16, add, initial=NEUTRAL)
        rows.append(row)
    return rows or None

def verifies(key, message, sig):
    rows, s = multiples(key), int.from_bytes(sig[32:], "little")
    if rows is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(sig[:32] + key + message).digest(), "little") % L
    terms = [table[i][n >> 4 * i & 15] for table, n in ((multiples(BASE), L - s), (rows, k)) for i in range(64)]
    r = functools.reduce(add, terms)
    inverse = pow(r[2], -1, P)
    packed = r[1] * inverse % P | (r[0] * inverse % P & 1) << 255
    return packed.to_bytes(32, "little") == sig[:32] and not is_small(r)

# ---- the form of an entry, by the table's types ----
def is_moment(text):
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").isoformat() + "Z" == text
    except ValueError:
        return False

def has_form(value, kind):
    """[KIND]: a list; KIND*: a list that is absent when empty; {KIND}: an object with any names."""
    bare, form = kind.strip("[]{}*"), TABLE["types"].get(kind)
    if kind[0] == "[" or kind[-1] == "*":
        return isinstance(value, list) and (value or kind[0] == "[") and all(has_form(item, bare) for item in value)
    if kind[0] == "{":
        return isinstance(value, dict) and all(has_form(item, bare) for item in value.values())
    if isinstance(form, str):
        return isinstance(value, str) and re.fullmatch(form, value) and (kind != "M" or is_moment(value))
    if isinstance(form, int):
        return type(value) is int and 0 <= value < 2**form
    if isinstance(form, list):
        return any(type(value) is type(one) and value == one for one in form)
    return kind == "body" or has_fields(value, form)

def has_fields(value, fields):
    return isinstance(value, dict) and value.keys() <= fields.keys() and all(
        has_form(value[name], kind.rstrip("?")) if name in value else kind[-1] in "?*" for name, kind in fields.items())

def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

def read(line):
    try:
        entry = json.loads(line.decode())
        good = len(line) < 2**20 and canonical(entry) == line and has_fields(entry, TABLE["entry"])
    except (ValueError, RecursionError):
        good = False
    need("ENTRY-CANONICAL", "not an entry in canonical form", good)
    need("ENTRY-ACT", "unknown act", entry["act"] in ACTS)
    need("ENTRY-CANONICAL", "not the body of its act", has_fields(entry["body"], ACTS[entry["act"]]["body"]))
    return entry

# ---- numbers ----
def numbers(span):
    """Where a span begins and ends, and how many numbers it has. Longer numbers come after shorter ones."""
    first, last = span["from"], span["to"]
    row = first.isdecimal() and last.isdecimal() and len(first) == len(last) and first <= last
    size = int(last) - int(first) + 1 if row else 1
    need("LIFECYCLE", f"{first} to {last} is no row of numbers", first == last or row, size < 2**64)
    return (len(first), first), (len(last), last), size

def touching(spans, first, last):
    """The last one of these spans, which are in their order and apart, that has a number from first to last."""
    at = bisect_right(spans, last, key=lambda span: span[0])
    return spans[at - 1] if at and spans[at - 1][1] >= first else None

def holds(body, condition):
    """FIELD: it is there; FIELD=A|B: and is one of these; FIELD=@OTHER: and is the same as another one."""
    field, _, values = condition.partition("=")
    if values[:1] == "@":
        return body.get(field) == body.get(values[1:])
    return field in body and (not values or str(body[field]) in values.split("|"))

def named(body, name):
    """What a rule's `name` finds: the names of rows, and the object that each name stands in."""
    if isinstance(name, list):
        return [(tuple(body.get(field) for field in name), body)]
    outer, _, field = name.rpartition(".")
    return [(part[field], part) for part in (body.get(outer, []) if outer else [body]) if field in part]

# ---- what the entries add up to ----
class Ledger:
    """The site as the entries so far have made it; `admit` takes the next one or raises a Finding."""

    def __init__(self, part=False):
        self.part, self.site, self.init, self.policy, self.open = part, None, None, None, None
        self.archived, self.loss = 0, None
        self.rows = {register: {} for register in TABLE["registers"]}
        self.signers, self.chips, self.oldest, self.last = defaultdict(set), {}, {}, Counter()
        self.spans, self.cards_of, self.blanks = defaultdict(list), defaultdict(set), {}
        self.stock, self.serials, self.used = Counter(), {}, Counter()  # by lot and place; place by number; by batch and lot

    def admit(self, e):
        self.act, self.seq, self.names = e["act"], e["seq"], [signed["officer"] for signed in e["sigs"]]
        self.body = ACTS[self.act].get("with", {}) | e["body"]
        self.card = self.body.get("kind"), self.body.get("number")
        need("LIFECYCLE", "site.init is the first entry and no other", (self.act == "site.init") == (self.site is None))
        if self.act == "site.init":
            need("CEREMONY", "no ceremony was before", *("ceremony" not in officer for officer in self.body["officers"]))
            self.site, self.init = e["site"], self.body
            self.rules()
        approvers = self.names[:-1] if self.act == "officer.enrol" else self.names
        self.signatures(e)
        self.approvals(approvers)
        if not self.part:
            self.ceremony(set(approvers))
        if self.act.startswith(("officer.", "policy.")) or self.act != "site.init" and not self.part:
            self.rules()

    def rules(self):
        """The table's rules of the act: an object is about the body and rows of a register, a list names a function."""
        for rule in ACTS[self.act].get("rules", []):
            if isinstance(rule, list):
                getattr(self, rule[0])(*rule[1:])
            elif ("if" not in rule or holds(self.body, rule["if"])) and not ("unless" in rule and holds(self.body, rule["unless"])):
                if "policy" not in rule or self.policy.get(rule["policy"]):
                    for name, part in named(self.body, rule["name"]) if "of" in rule else []:
                        self.row(rule, name, part)
                need("LIFECYCLE", rule.get("is"), "is" not in rule or holds(self.body, rule["is"]))
                need("LIFECYCLE", rule.get("not"), "not" not in rule or not holds(self.body, rule["not"]))

    def row(self, rule, name, part):
        rows, check, what = self.rows[rule["of"]], rule.get("check", "LIFECYCLE"), f"{rule['of']} {name}"
        if "known" in rule and name not in rows:
            return
        need(check, what + (" was there before" if "new" in rule else " is unknown"), (name in rows) != ("new" in rule))
        if "new" in rule or "over" in rule:
            fields = {field: part.get(field) for field in TABLE["registers"][rule["of"]]}
            rows[name] = {"state": None, "seq": self.seq} | fields
        row = rows[name]
        need(check, f"{what} is {row['state']}", row["state"] in rule.get("in", [row["state"]]))
        for ours, _, theirs in (pair.partition("=") for pair in rule.get("same", [])):
            need(check, f"{what} has another {theirs or ours}", part.get(ours) == row[theirs or ours])
        for ours, _, theirs in (pair.partition("=") for pair in rule.get("agree", [])):
            need(check, f"{what} has another {theirs}", row[theirs or ours] in (None, part.get(ours)))
        need(check, f"{what} has what it may not have", *(row[field] is None for field in rule.get("none", [])))
        if "alike" in rule:
            there, offered = row[rule["alike"]], part[rule["alike"]]
            common = min(len(there), len(offered))
            need(check, what + " has another check value", common >= 6, there[:common] == offered[:common])
        if "apart" in rule:
            need(check, what + ": another part of it is theirs", self.signers[rule["apart"], name].isdisjoint(self.names))
        if "signs" in rule:
            self.signers[self.act, name].update(self.names)
        for field, value in rule.get("set", {}).items():
            row[field] = part.get(value[1:]) if value[0] == "=" else value
        if "ends" in rule:
            del rows[name]

    # ---- officers, policy, ceremonies ----
    def is_active(self, name):
        return self.rows["officer"].get(name, {"state": None})["state"] == "active"

    def has_role(self, name, *roles):
        return not set(roles).isdisjoint(self.rows["officer"].get(name, {"roles": []})["roles"])

    def adopt(self):
        counts = [rule["officers"] for rule in self.body["policy"]["rules"].values()]
        need("LIFECYCLE", "a rule needs 1 to 4 officers", all(1 <= count <= 4 for count in counts))
        self.policy = self.body["policy"]

    def signatures(self, e):
        need("SIGNATURE", "not signed by the acting officer", self.names[:1] == [e["officer"]])
        message = b"cardmint-entry-v1\n" + canonical({field: value for field, value in e.items() if field != "sigs"})
        for i, (name, signed) in enumerate(zip(self.names, e["sigs"])):
            need("TWO-OFFICERS", "signed twice by " + name, name not in self.names[:i])
            officer = self.rows["officer"].get(name)
            if officer is None and self.act == "officer.enrol" and self.body["name"] == name and i > 0:
                officer = {"state": "active", "key": self.body["key"]}
            leaves = officer and self.act == "ceremony.end" and officer["left"] == self.body["begin"]
            valid = officer and (officer["state"] == "active" or leaves)
            right = valid and verifies(base64.b64decode(officer["key"]), message, base64.b64decode(signed["sig"]))
            need("SIGNATURE", "no valid signature by " + name, right)

    def approvals(self, names):
        act, body, two = self.act, self.body, self.act.startswith(("key.export", "store."))
        acts = [act] + [other for field, other in ACTS[act].get("also", {}).items() if field in body]
        rules = [self.policy["rules"].get(name, {"officers": 1, "roles": [], "approvers": []}) for name in acts]
        asked = max(rule["officers"] for rule in rules)
        if act.startswith("key.") and "version" in body:
            key = body["usage"], body["owner"], body["alg"]
            self.oldest[key] = min(body["version"], self.oldest.get(key, body["version"]))
            two = self.oldest[key] < body["version"]
        two = not self.init["rehearsal"] and (two or act == "key.retire" and body["state"] == "destroyed")
        needs = max(asked, 2 if two or act.startswith("ceremony.") or "ceremony" in body else 1)
        active = sum(map(self.is_active, self.rows["officer"]))
        if act == "site.init":
            needs = max(len(body["officers"]), 1)
        elif act == "officer.enrol":
            need("SIGNATURE", "the new officer did not sign last", self.names[-1] == body["name"])
            needs = max(min(asked, active), 2 if "ceremony" in body else 1)
        elif act in ("policy.change", "ledger.loss", "ledger.archive"):
            needs = max(needs, min(active, 2))
        need("TWO-OFFICERS", f"{needs} officers needed, {len(names)} signed", len(names) >= needs)
        for name, part in zip(names, ["roles"] + ["approvers"] * len(names)):
            may = [not rule[part] or self.has_role(name, *rule[part]) for rule in rules]
            need("ROLE", f"{name} has no role for {act}", *may)

    def ceremony(self, names):
        act, body, now = self.act, self.body, self.open
        begin = body.get("begin" if act == "ceremony.end" else "ceremony")
        need("CEREMONY", "between a ceremony's acts and its end", not now or not now["acted"] or begin == now["seq"])
        if act == "ceremony.begin":
            people, again = body["participants"], now and (now["seq"], now["plan"]) == (body.get("resumes"), body["plan"])
            need("CEREMONY", "another is open, or none to resume", again if now or "resumes" in body else True)
            need("CEREMONY", "not signed by exactly its participants", {p["officer"] for p in people} == names)
            need("CEREMONY", "a participant is there twice", len({p["id"] for p in people}) == len(people) == len(names))
            need("CEREMONY", "a participant has another role", *(self.has_role(p["officer"], p["role"]) for p in people))
            self.open = body | {"seq": self.seq, "people": names, "acted": False, "brought": []}
        elif begin is not None:
            need("CEREMONY", f"no ceremony {begin} is open", now and begin == now["seq"])
            if act == "ceremony.end":
                return self.ceremony_end(body, now, names)
            need("CEREMONY", "signed by somebody who takes no part", names <= now["people"])
            now["acted"] = True
            now["brought"] += [{"key": body["key"], "kcv": body["kcv"]}] if "version" in body else []
        elif act.startswith(("key.", "store.")):
            need("CEREMONY", "the policy wants a ceremony for this", not self.policy.get("keys_by_ceremony"))

    def ceremony_end(self, body, now, names):
        need("CEREMONY", "another plan or nonce", now["plan"] == body["plan"], now["nonce"] == body["nonce"])
        if body["result"] == "completed":
            need("CEREMONY", "not signed by exactly its participants", names == now["people"])
            told = [key for step in body.get("steps", []) for key in step.get("keys", [])]
            need("CEREMONY", "a key is missing in the transcript", *(key in told for key in now["brought"]))
        else:
            may = [name in now["people"] or self.has_role(name, "key-officer") for name in names]
            need("CEREMONY", "abandoned after its acts, or by others", not now["acted"], *may)
        self.open = None

    def shares(self, field, quorum, least):
        shares, made = self.body[field], self.rows["backup"].get(self.body.get("digest"), {})
        indexes, officers = {share["index"] for share in shares}, {share["officer"] for share in shares}
        good = len(indexes) == len(officers) == len(shares) >= (made | self.body)[quorum] >= least and 0 not in indexes
        need("LIFECYCLE", "shares that cannot be", good, quorum not in self.body or all(map(self.is_active, officers)))

    # ---- further rules that the table names ----
    def on_curve(self, field):
        """An SM2 key is a point of the curve of GB/T 32918.5."""
        point = base64.b64decode(self.body.get(field, ""))
        x, y, p = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big"), 2**256 - 2**224 - 2**96 + 2**64 - 1
        b = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
        need("LIFECYCLE", "no SM2 key", not point or point[0] == 4 and max(x, y) < p and (y * y - x**3 + 3 * x - b) % p == 0)

    def so_far(self):
        if self.act == "ledger.loss":
            need("LIFECYCLE", "nothing is missing", ("size" in self.body) == ("root" in self.body),
                 self.body.get("size", self.seq + 1) > self.seq)
            self.loss = self.seq
        elif self.act == "ledger.archive":
            need("LIFECYCLE", "not the next period", self.archived == self.body["from"] < self.body["to"] <= self.seq)
            self.archived = self.body["to"]
        else:
            need("LIFECYCLE", "entries that are not there yet", self.body["size"] <= self.seq)

    def cosigned(self):
        """A checkpoint (c2sp.org/tlog-cosignature) with which the entries so far begin, and the proof of it."""
        body, size, sig = self.body, self.body["size"], {field: base64.b64decode(self.body[field]) for field in ("sig", "log_sig")}
        text = f"cardmint/{self.site}\n{size}\n{base64.b64encode(bytes.fromhex(body['root'])).decode()}\n".encode()
        stamped = f"cosignature/v1\ntime {body['time']}\n".encode() + text
        need("COSIGNATURE", "no name of a key, or no such entries", not re.search(r"[\s+]", body["witness"]), 0 < size <= len(self.leaves))
        need("COSIGNATURE", "not signed by log and witness", verifies(base64.b64decode(self.init["log_key"]), text, sig["log_sig"]),
             body["time"] < 2**63, verifies(base64.b64decode(body["key"]), stamped, sig["sig"]))
        need("COSIGNATURE", "other entries were cosigned", tree(self.leaves[:size], 0, size, iter(())).hex() == body["root"],
             [step.hex() for step in consistency(self.leaves, 0, len(self.leaves), size)] == body.get("path", []))

    def is_open(self, kind, number):
        """After a loss only numbers of ranges that were reserved since may be used."""
        place = len(number or ""), number
        span = self.loss is not None and number and touching(self.spans["range", kind], place, place)
        return self.loss is None or not number or bool(span) and self.rows["range"][span[2]]["seq"] > self.loss

    def closed(self):
        mine, chip = self.rows["card"].get(self.card), self.body.get("chip")
        again = "resumes" in self.body and chip and (not mine or mine["state"] != "failed-blank")
        free = self.is_open(*self.card) and self.is_open("terminal", self.body.get("terminal"))
        need("LIFECYCLE", "the number is closed since entries were lost", again or free)

    def next(self, field, *per):
        counter = self.act, *map(self.body.get, per)
        need("LIFECYCLE", f"not the next {field}", self.body[field] == self.last[counter] + 1)
        self.last[counter] += 1

    def day(self, field):
        day = self.body.get(field, "20000101")
        good = re.fullmatch("[1-9][0-9]{7}", day) and is_moment(f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:00Z")
        need("LIFECYCLE", day + " is no day", good)

    def until(self):
        card, desk = self.rows["card"].get(self.card), self.rows["desk"].get(self.card)
        if self.act == "card.extend":
            need("LIFECYCLE", "an earlier day", (card["until"] or "") <= self.body["until"])
        elif self.body["result"] == "done":
            card["until"] = desk["until"] or card["until"]

    def moved(self):
        """Money of the customer desk has moved: what a new card was owed, or all that was on an old one."""
        card, purse = self.rows["card"].get(self.card), self.rows["purse"].get(self.body["number"])
        if card and purse and purse["seq"] == self.body.get("intent"):
            result = self.body.get("result")
            if purse["desk"] == "transfer" and result != "not-done":
                card["owed"] = None
            elif purse["desk"] == "emptying" and result in (None, "done-unproved"):
                card["emptied"] = purse["amount"]

    def chip(self):
        """A chip carries one number that is neither blank nor void, and a number stays on its chip."""
        cards, chip = self.rows["card"], self.body.get("chip")
        mine, other = cards.get(self.card), cards.get(self.chips.get(chip))
        need("LIFECYCLE", "another chip", not mine or mine["state"] == "failed-blank" or mine["chip"] == chip)
        live = other and other is not mine and other["chip"] == chip and other["state"] not in ("failed-blank", "void")
        need("NUMBER-TWICE", "the chip carries another number", not live)
        if chip:
            self.chips[chip] = self.card

    # ---- numbers, orders, batches ----
    def span(self):
        numbers(self.body)

    def reserve(self):
        (first, last, _), ranges = numbers(self.body), self.spans["range", self.body["kind"]]
        need("NUMBER-TWICE", "ranges overlap", not touching(ranges, first, last))
        insort(ranges, (first, last, self.body["range"]))

    def use_up(self):
        for kind, field in (self.body["kind"], "numbers"), ("terminal", "terminals"):
            count = 0
            for span in self.body.get(field, []):
                first, last, size = numbers(span)
                low, high, name = touching(self.spans["range", kind], first, last) or (first, last, None)
                only = self.rows["range"][name]["template"] if name else None
                need("LIFECYCLE", "numbers do not fit their range", name == span.get("range"), low <= first, last <= high,
                     only in (None, self.body["template"]))
                need("LIFECYCLE", "numbers are closed since entries were lost", self.is_open(kind, span["from"]))
                taken = [touching(self.spans[by, kind], first, last) for by in ("order", "card")]
                need("NUMBER-TWICE", "numbers are taken", taken == [None, None])
                insort(self.spans["order", kind], (first, last, self.body["order"]))
                count += size
            need("LIFECYCLE", "as many numbers as rows", field not in self.body or count == self.body["rows"] > 0)

    def give_back(self):
        for kind in "user", "psam", "terminal":
            self.spans["order", kind] = [span for span in self.spans["order", kind] if span[2] != self.body["order"]]

    def order_of(self, kind, number):
        place = len(number or ""), number
        span = number and touching(self.spans["order", kind], place, place)
        return span[2] if span else None

    def holder(self):
        name, number = self.body["order"], self.body.get("number")
        order, gone = self.rows["order"][name], {(name, number), (name, None)} & self.rows["erased"].keys()
        mine = number is None or self.order_of(order["kind"], number) == name
        need("LIFECYCLE", "no holder's data", order["holders"], mine, not gone)

    def sealed(self):
        keys, plain = [used["key"] for used in self.body["keys"]], {f: v for f, v in self.body.items() if f != "digest"}
        digest = hashlib.sha256(b"cardmint-batch-v1\n" + canonical(plain)).hexdigest()
        need("BATCH", "wrong digest, or keys out of order", digest == self.body["digest"], keys == sorted(set(keys)))

    def in_batch(self):
        name, batch = self.body.get("batch"), self.rows["batch"].get(self.body.get("batch"))
        places = (self.body["kind"], self.body["number"]), ("terminal", self.body.get("terminal"))
        orders = [self.order_of(*place) for place in places]
        if batch:
            order, keys = batch["order"], [used["key"] for used in batch["keys"]]
            need("BATCH", "not a card of the batch", orders[0] == order,
                 orders[1] == order or not self.rows["order"][order]["terminals"],
                 *(used["key"] in keys for used in self.body.get("keys", [])))
        else:
            need("BATCH", "a card of an order, outside its batch", orders == [None, None])
            need("BATCH", "not in a batch", not self.policy.get("approved_batches"))
        self.cards_of[name].add(self.card)
        for (kind, number), order in zip(places, orders):
            if number and order is None:
                insort(self.spans["card", kind], ((len(number), number), (len(number), number), ""))

    def account(self):
        body, cards, batches = self.body, self.rows["card"], self.rows["batch"]
        order = self.rows["order"][batches[body["batch"]]["order"]]
        made = {name: [card for card in map(cards.get, self.cards_of[name]) if card["batch"] == name]
                for name, batch in batches.items() if batch["order"] == batches[body["batch"]]["order"]}
        states = Counter(card["state"] for card in made[body["batch"]])
        need("BATCH", "cards in doubt", not states.keys() & {"writing", "in-doubt", "failed-partial"})
        failed, void, left = states["failed-blank"], states["void"], order["rows"] - sum(map(len, made.values()))
        lots = [{"lot": lot} | use for (batch, lot), use in sorted(self.used.items()) if batch == body["batch"] and use["drawn"]]
        account = {"issued": sum(states.values()) - failed - void, "failed": failed, "void": void, "left": max(left, 0)}
        need("BATCH", "another account than the ledger's", account | {"batch": body["batch"], "lots": lots} == {"lots": []} | body,
             *(lot["drawn"] == lot["issued"] + lot["scrapped"] for lot in lots))
        order["state"] = "worked"

    # ---- blanks ----
    def place(self, place):
        """`of F`: with the officer in the field F; in stock, where there is none."""
        return ("with", self.body[place[3:]]) if place[3:] in self.body else "in stock" if place[:3] == "of " else place

    def receive(self):
        lot, count, serials = self.body["lot"], self.body["count"], self.body.get("serials", [])
        what = {"type": self.body["type"], "supplier": self.body["supplier"], "serials": bool(serials)}
        need("STOCK", "another lot", self.rows["lot"].setdefault(lot, what) == what)
        need("STOCK", "a count and its serial numbers", count > 0, len(serials) == len(set(serials)) == (count if serials else 0),
             self.serials.keys().isdisjoint(serials))
        self.serials.update((serial, (lot, "in stock")) for serial in serials)
        self.stock[lot, "in stock"] += count

    def move(self, source, to):
        body = self.body
        self.shift(body["lot"], body["count"], body.get("serials", []), self.place(source), self.place(to))
        self.use(body.get("batch"), body["lot"], drawn=body["count"], scrapped=body["count"])

    def shift(self, lot, count, serials, source, to):
        need("STOCK", "unknown lot " + lot, lot in self.rows["lot"])
        need("STOCK", "a count and its serial numbers", count > 0,
             len(serials) == (count if self.rows["lot"][lot]["serials"] else 0))
        for serial in serials:
            need("STOCK", f"{serial} is not there", self.serials.get(serial) == (lot, source))
            self.serials[serial] = lot, to
        need("STOCK", f"too few blanks {source}", self.stock[lot, source] >= count)
        self.stock[lot, source] -= count
        self.stock[lot, to] += count

    def use(self, batch, lot, **counts):
        if batch in self.rows["batch"]:
            use = self.used.setdefault((batch, lot), {"drawn": 0, "issued": 0, "scrapped": 0})
            use.update((what, use[what] + count) for what, count in counts.items())

    def count(self):
        lot, there = self.body["lot"], self.stock[self.body["lot"], self.place("of of")]
        need("STOCK", "not what the ledger has", lot in self.rows["lot"], there == self.body["expected"])

    def take_blank(self):
        lot, blank = self.body.get("lot"), self.blanks.get(self.card)
        if blank:
            need("STOCK", "a blank of another lot", lot == blank[0])
        elif lot:
            need("STOCK", "unknown lot " + lot, lot in self.rows["lot"])
            serials = [self.body.get("chip")] if self.rows["lot"][lot]["serials"] else []
            self.shift(lot, 1, serials, ("with", self.names[0]), "in process")
            batch = self.body.get("batch") if self.body.get("batch") in self.rows["batch"] else None
            self.blanks[self.card] = lot, serials, batch
            self.use(batch, lot, drawn=1)
        else:
            need("STOCK", "no lot", not self.policy.get("lots"))

    def leave_blank(self):
        """Where the blank of a card goes that is issued, blank again, or void."""
        to, use = {"issued": ("issued", {"issued": 1}), "failed-blank": (("with", self.names[0]), {"drawn": -1}),
                   None: ("scrapped", {"scrapped": 1})}.get(self.body.get("result"), (None, {}))
        if to and self.card in self.blanks:
            lot, serials, batch = self.blanks.pop(self.card)
            self.shift(lot, 1, serials, "in process", to)
            self.use(batch, lot, **use)

# ---- tree, checkpoint, file ----
def unbase64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data) != text.encode():
        raise ValueError("second form of base64")
    return data

def tree(leaves, first, last, hashes):
    """The hash over the entries from first up to last (RFC 6962): leaves are the known ones, hashes stand for the others."""
    if not leaves:
        return next(hashes)
    if last - first == 1:
        return leaves[0][1]
    middle = first + (1 << (last - first - 1).bit_length() - 1)
    at = bisect_left(leaves, (middle,))
    left = tree(leaves[:at], first, middle, hashes)
    return hashlib.sha256(b"\1" + left + tree(leaves[at:], middle, last, hashes)).digest()

def consistency(leaves, first, last, size):
    """The proof (RFC 6962 2.1.2) that the entries up to last begin with the first so many."""
    if size == last:
        return [tree(leaves[first:last], first, last, iter(()))] if first else []
    middle = first + (1 << (last - first - 1).bit_length() - 1)
    mine, other = ((first, middle), (middle, last))[:: 1 if size <= middle else -1]
    return consistency(leaves, *mine, size) + [tree(leaves[other[0]:other[1]], *other, iter(()))]

def vkey_of(ledger):
    """Name, id and bytes of the log's key (c2sp.org/signed-note)."""
    name, data = "cardmint/" + ledger.site, b"\1" + base64.b64decode(ledger.init["log_key"])
    return name, hashlib.sha256(name.encode() + b"\n" + data).digest()[:4], data

def check_note(note, ledger, leaves, hashes):
    """A checkpoint (c2sp.org/tlog-checkpoint) over these leaves, signed by the log's key; other signatures are passed over."""
    text, _, lines = note.decode().rpartition("\n\n")
    (origin, size, root), (name, key_id, data) = (text + "\n\n\n").split("\n")[:3], vkey_of(ledger)
    words = [line.split(" ") for line in lines.split("\n")]
    need("CHECKPOINT", "not a signed note", words.pop() == [""], *(len(w) == 3 and w[0] == "\u2014" for w in words),
         "\n\n" not in text, not re.search("[^\n -\U0010ffff]", text + lines))
    signed = [verifies(data[1:], (text + "\n").encode(), blob[4:]) for _, by, blob in ((*w[:2], unbase64(w[2])) for w in words)
              if by == name and blob[:4] == key_id]
    need("CHECKPOINT", "not by the log's key", signed, *signed, origin == name, str(int(size)) == size)
    size, known = int(size), leaves[:bisect_left(leaves, (int(size),))]
    need("CHECKPOINT", f"signed over {size} entries, more than here", size >= 0, size <= len(leaves) or hashes is not None)
    hashes = iter(hashes or [])
    made = tree(known, 0, size, hashes) if size else hashlib.sha256().digest()
    need("CHECKPOINT", "signed over other entries", made == unbase64(root), next(hashes, None) is None)

def verify(file, note=None, vkey=None):
    """All findings as (check, seq or None, text), and what the file is."""
    found, leaves, last, head, hashes = [], [], "", file.readline(), None
    lines, header = itertools.chain([head] if head else [], file), {}
    if head == b"cardmint-evidence/1\n":
        header = dict(line.decode().strip().split(" ", 1) for line in itertools.takewhile(bytes.strip, file))
        lines = itertools.islice(file, int(header["entries"]))
    ledger = Ledger(part=header.get("kind") == "part")
    ledger.leaves = leaves

    def check(seq, rule, *args):
        try:
            return rule(*args)
        except Finding as finding:
            found.append((finding.args[0], seq, finding.args[1]))

    for seq, line in enumerate(lines):
        whole, line = line[-1:] == b"\n", line.rstrip(b"\n") if line[-1:] == b"\n" else line + b"\n"
        entry = check(seq, read, line)
        seq = entry["seq"] if entry and ledger.part else seq
        before = leaves[-1] if leaves else (-1, bytes(32))
        if entry:
            check(seq, need, "SEQ", f"says it is {entry['seq']}", entry["seq"] == seq > before[0])
            check(seq, need, "CHAIN", "does not follow from the entry before", entry["prev"] == before[1].hex() or seq > before[0] + 1)
            check(seq, need, "TIME", "dated before the entry before", entry["at"] >= last)
            check(seq, need, "SITE", "of another site", ledger.site in (None, entry["site"]))
            last = entry["at"]
            if ledger.site or not leaves or entry["act"] == "site.init":
                check(seq, ledger.admit, entry)
        leaves.append((seq, hashlib.sha256(b"\0" + line).digest()))
    if header:
        hashes = [unbase64(line.decode().strip()) for line in itertools.takewhile(bytes.strip, itertools.chain(file))]
        note = file.read()
    check(None, need, "SEQ", "there is no entry", leaves)
    check(len(leaves) - 1, need, "CEREMONY", "the end of a ceremony is missing", not ledger.open or not ledger.open["acted"])
    if note is not None and ledger.site:
        try:
            check(None, check_note, note, ledger, leaves, hashes)
        except (ValueError, IndexError, StopIteration) as fault:
            found.append(("LEDGER-CHECKPOINT", None, f"not a checkpoint: {fault}"))
    if vkey is not None and ledger.site:
        name, key_id, data = vkey_of(ledger)
        named_key = f"{name}+{key_id.hex()}+{base64.b64encode(data).decode()}"
        check(None, need, "LOG-KEY", "the ledger names another key", vkey.strip() == named_key)
    return found

if __name__ == "__main__":
    note, vkey = None, None
    for argument in sys.argv[2:]:
        if os.path.exists(argument):
            with open(argument, "rb") as file:
                note = file.read()
        else:
            vkey = argument
    with open(sys.argv[1], "rb") as file:
        findings = verify(file, note, vkey)
    for check, seq, what in findings:
        print(check, "-" if seq is None else seq, what)
    print("bad" if findings else "good")
    sys.exit(3 if findings else 0)
