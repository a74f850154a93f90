#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a cardmint ledger by the table acts.json: python3 verify_ledger.py FILE [CHECKPOINT] [VKEY]

FILE has all entries (JSON Lines) or is an evidence bundle, which brings its checkpoint. Written from ledger.md,
ledger-centre.md and evidence.md. Prints a line for each finding and a last one, `good` or `bad`. Exit code 0 or 3.
"""
import base64, functools, hashlib, itertools, json, os, re, sys
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
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
    """Of the point's negative, 0 to 15 times each power of 16; nothing where it is no point to be used."""
    y, sign = int.from_bytes(raw, "little") & (2**255 - 1), raw[31] >> 7
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x if x * x % P == xx else x * ROOT % P
    x = P - x if x & 1 == sign else x
    unit, rows = (x, y, 1, x * y % P), []
    for _ in range(64 if y < P and x * x % P == xx and not is_small(unit) else 0):
        *row, unit = itertools.accumulate([unit] * 16, add, initial=NEUTRAL)
        rows.append(row)
    return rows
def verifies(key, message, sig):
    rows, s = multiples(key), int.from_bytes(sig[32:], "little")
    k = int.from_bytes(hashlib.sha512(sig[:32] + key + message).digest(), "little") % L
    if not rows or s >= L:
        return False
    terms = (table[i][n >> 4 * i & 15] for table, n in ((multiples(BASE), L - s), (rows, k)) for i in range(64))
    r = functools.reduce(add, terms)
    inverse = pow(r[2], -1, P)
    packed = r[1] * inverse % P | (r[0] * inverse % P & 1) << 255
    return packed.to_bytes(32, "little") == sig[:32] and not is_small(r)
# ---- the form of an entry, by the types of the table ----
def has_form(value, kind):
    """[KIND]: a list; KIND*: a list that is absent when empty; {KIND}: an object with any names."""
    bare, form = kind.strip("[]{}*"), TABLE["types"].get(kind)
    if kind[0] == "[" or kind[-1] == "*":
        return isinstance(value, list) and (value or kind[0] == "[") and all(has_form(item, bare) for item in value)
    if kind[0] == "{":
        return isinstance(value, dict) and all(has_form(item, bare) for item in value.values())
    if isinstance(form, dict):
        return not form or has_fields(value, form)
    if isinstance(form, list):
        return any(type(value) is type(word) and value == word for word in form)
    if isinstance(form, int):
        return type(value) is int and 0 <= value < 2**form
    return isinstance(value, str) and re.fullmatch(form, value)
def has_fields(value, fields):
    return isinstance(value, dict) and value.keys() <= fields.keys() and all(
        has_form(value[name], kind.rstrip("?")) if name in value else kind[-1] in "?*" for name, kind in fields.items())
def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
def parse(line):  # what it says, and whether it says so in canonical form
    try:
        value = json.loads(line.decode())
        return value if isinstance(value, dict) else {}, canonical(value) == line and len(line) < 2**20
    except (ValueError, RecursionError):
        return {}, False
def take(entry, is_canonical):
    need("ENTRY-CANONICAL", "not an entry", has_fields(entry, TABLE["entry"]))
    need("ENTRY-ACT", "unknown act", entry["act"] in ACTS)
    need("ENTRY-CANONICAL", "not its body", is_canonical, has_fields(entry["body"], ACTS[entry["act"]]["body"]))
    return entry
# ---- what the entries add up to ----
COMPARE = {"@": lambda a, b: a == b, "+": lambda a, b: a == (b or 0) + 1, "<": lambda a, b: b is not None and a < b,
           "^": lambda a, b: a in (b or []), "!": lambda a, b: set(a).isdisjoint(b or []),
           "%": lambda a, b: a <= len(b), "~": lambda a, b: a[:len(b)] == b[:len(a)] and min(len(a), len(b)) >= 6}
def find(body, path):
    """What stands at FIELD or ROW.FIELD; None where nothing does."""
    for step in path.split("."):
        body = body.get(step) if isinstance(body, dict) else None
    return body
def holds(body, condition):
    """PATH: it is there; PATH=A|B: is or has one of these; PATH=#TYPE: has this form; PATH=@OTHER and so on: above."""
    path, _, wanted = condition.partition("=")
    found = find(body, path)
    if wanted[:1] == "#":
        return has_form(found, wanted[1:])
    if wanted[:1] in COMPARE:
        return COMPARE[wanted[0]](found, find(body, wanted[1:]))
    if not wanted:
        return found is not None and found is not False
    return any(str(one) in wanted.split("|") for one in (found if isinstance(found, list) else [found]))
def touching(spans, first, last):  # the last of these spans, sorted and apart, that has a number from first to last
    at = bisect_right(spans, last, key=lambda span: span[0])
    return spans[at - 1] if at and spans[at - 1][1] >= first else (first, last, None, -1)

class Ledger:
    """The site as the entries so far have made it; `admit` takes the next one or raises a Finding."""
    def __init__(self):
        self.part, self.init, self.policy, self.open = False, None, None, None
        self.rows = {register: {} for register in TABLE["registers"]}
        self.ranges, self.taken = defaultdict(list), defaultdict(list)  # spans of numbers by kind
        self.stock, self.serials = Counter(), {}  # how many blanks by lot and place; where each serial number is
        self.leaves, self.versions, self.cards_of = [], defaultdict(set), defaultdict(set)  # of keys; by batch
    def of(self, register, *name):
        return self.rows[register].get(name, {})
    def admit(self, e):
        self.e, self.act, self.names = e, e["act"], [signed["officer"] for signed in e["sigs"]]
        self.approved = self.names[:-1] if self.act == "officer.enrol" else self.names
        self.body = e | {"actor": e["officer"], "signers": self.names, "approvals": e["sigs"][:len(self.approved)],
                         "open": self.open, "policy": self.policy} | ACTS[self.act].get("with", {}) | e["body"]
        founds, checks = self.act == "site.init", [self.signatures, self.approvals, self.ceremony]
        need("LIFECYCLE", "site.init is the first entry and no other", founds == (self.init is None))
        self.init = self.init or self.body
        for check in [self.rules] + checks if founds else checks + [self.rules]:
            check()
    def rules(self):  # what the table says of the act; `each` is about the items of a list, one by one
        self.policy = self.body["policy"]
        for rule in ACTS[self.act].get("rules", []):
            each = find(self.body, rule["each"]) or [] if "each" in rule else [{}]
            for item in each.values() if isinstance(each, dict) else each:
                part = self.body | item if item else self.body
                met, unmet = ([holds(part, words) for words in rule.get(when, "").split()] for when in ("if", "unless"))
                if all(met) and not any(unmet) and ("part" in rule or not self.part):
                    self.rule(rule, part, rule.get("check", "LIFECYCLE"), rule.get("row"))
    def rule(self, rule, part, check, mode):
        """A row of a register and whether it is there; conditions; a function below; what becomes of the row."""
        if "of" in rule:
            rows, name = self.rows[rule["of"]], tuple(find(part, path) for path in rule["name"].split())
            if name == (None,) or mode == "known" and name not in rows:
                return
            need(check, f"{rule['of']} {name} was there before", name not in rows or mode not in ("new", "absent"))
            if mode in ("new", "put"):
                rows[name] = {"seq": part["seq"]} | {field: part.get(field) for field in TABLE["registers"][rule["of"]]}
            need(check, f"{rule['of']} {name} is unknown", name in rows or mode == "absent")
            part[rule.get("as", "it")] = part["it"] = rows.get(name)
            fits = "in" not in rule or holds(part, "it.state=" + rule["in"])
            need(check, f"{rule['of']} {name} is {find(part, 'it.state')}", fits)
        for word in "is", "not":
            for condition in rule.get(word, "").split():
                need(check, f"wrong: {word} {condition}", bool(holds(part, condition)) == (word == "is"))
        if "do" in rule:
            getattr(self, rule["do"].split()[0])(*rule["do"].split()[1:])
        for field, value in rule.get("set", {}).items():
            part["it"][field] = find(part, value[1:]) if value[0] == "=" else value
        if "ends" in rule:
            del rows[name]
    # ---- officers and ceremonies ----
    def signatures(self):
        need("SIGNATURE", "not signed by the acting officer", self.names[:1] == [self.body["actor"]])
        message = b"cardmint-entry-v1\n" + canonical({name: value for name, value in self.e.items() if name != "sigs"})
        for i, (name, signed) in enumerate(zip(self.names, self.e["sigs"])):
            need("TWO-OFFICERS", "signed twice by " + name, name not in self.names[:i])
            enrols = self.act == "officer.enrol" and i > 0 and self.body["name"] == name
            officer = self.of("officer", name) or enrols and self.body | {"state": "active"}
            need("EVIDENCE-CONTEXT" if self.part else "SIGNATURE", "nobody is enrolled as " + name, officer)
            leaves = self.act == "ceremony.end" and officer["left"] == self.body["begin"]
            right = verifies(base64.b64decode(officer["key"]), message, base64.b64decode(signed["sig"]))
            need("SIGNATURE", "no valid signature by " + name, right, leaves or officer["state"] == "active")
    def approvals(self):
        act, body, names = self.act, self.body, self.approved
        acts = [act] + [other for field, other in ACTS[act].get("also", {}).items() if field in body]
        rules = [self.policy["rules"].get(name, {"officers": 1, "roles": [], "approvers": []}) for name in acts]
        if act.startswith("key.") and "version" in body and not self.part:
            versions = self.versions[body["usage"], body["owner"], body["alg"]]
            versions.add(body["version"])
            body["newer"] = min(versions) < body["version"]
        asked = max(rule["officers"] for rule in rules)
        active = sum(officer["state"] == "active" for officer in self.rows["officer"].values())
        two, _, condition = ACTS[act].get("two", "").partition(" ")
        least = {"always": 2, "active": min(active, 2), "production": 1 if self.init["rehearsal"] else 2}.get(two, 1)
        least = 2 if "ceremony" in body else least if not condition or holds(body, condition) else 1
        if act == "officer.enrol":
            need("SIGNATURE", "the new officer did not sign last", self.names[-1] == body["name"])
            asked = min(asked, active)
        needs = max(len(body["officers"]), 1) if act == "site.init" else max(asked, least)
        need("TWO-OFFICERS", f"{needs} officers needed, {len(names)} signed", len(names) >= needs)
        for name, part in zip(names, ["roles"] + ["approvers"] * len(names)):
            has = set(self.of("officer", name).get("roles", []))
            need("ROLE", f"{name} has no role for {act}", *(has & set(rule[part]) or not rule[part] for rule in rules))
    def ceremony(self):
        act, body, now = self.act, self.body, self.open or {"seq": None, "acted": False}
        begin = body.get({"ceremony.begin": "resumes", "ceremony.end": "begin"}.get(act, "ceremony"))
        need("CEREMONY", "between a ceremony's acts and its end", not now["acted"] or begin == now["seq"])
        need("EVIDENCE-CONTEXT" if self.part else "CEREMONY", f"{begin} is not open", begin in (None, now["seq"]))
        if act == "ceremony.begin":
            self.open = body | {"people": [p["officer"] for p in body["participants"]], "acted": False, "brought": []}
        elif act == "ceremony.end":
            told = [key for step in body.get("steps", []) for key in step.get("keys", [])]
            need("CEREMONY", "a key is missing in the transcript", *(key in told for key in now["brought"]))
            self.open = None
        elif begin is not None:
            need("CEREMONY", "signed by somebody who takes no part", set(self.approved) <= set(now["people"]))
            now["acted"] = True
            now["brought"] += [{"key": body["key"], "kcv": body["kcv"]}] if "version" in body else []
    # ---- functions that rules of the table name ----
    def cosigned(self):
        """The checkpoint that a witness has cosigned (c2sp.org/tlog-cosignature) is one of the entries before."""
        body, size, count = self.body, self.body["size"], len(self.leaves)
        key, sig, log_sig = (base64.b64decode(body[field]) for field in ("key", "sig", "log_sig"))
        is_name = not re.search(r"[\s+]", body["witness"])
        need("COSIGNATURE", "no such checkpoint", is_name, 0 < size <= count, body["time"] < 2**63)
        root = tree(self.leaves[:size], 0, size, iter([]))
        text = f"cardmint/{self.init['site']}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
        stamped = f"cosignature/v1\ntime {body['time']}\n".encode() + text
        path = [step.hex() for step in consistency(self.leaves, 0, count, size)]
        need("COSIGNATURE", "over other entries", root.hex() == body["root"], path == body.get("path", []))
        by_log = verifies(base64.b64decode(self.init["log_key"]), text, log_sig)
        need("COSIGNATURE", "not signed by log and witness", by_log, verifies(key, stamped, sig))
    def on_curve(self, field):  # of GB/T 32918.5
        p, b = 2**256 - 2**224 - 2**96 + 2**64 - 1, 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
        raw = base64.b64decode(self.body[field])
        form, x, y = (int.from_bytes(part, "big") for part in (raw[:1], raw[1:33], raw[33:]))
        need("LIFECYCLE", "no SM2 key", form == 4, max(x, y) < p, (y * y - x**3 + 3 * x - b) % p == 0)
    def span(self, span=None):
        """Where a span begins and ends, and how many numbers it has. Longer numbers come after shorter ones."""
        first, last = (span or self.body)["from"], (span or self.body)["to"]
        row = first.isdecimal() and last.isdecimal() and len(first) == len(last) and first <= last
        size = int(last) - int(first) + 1 if row else 1
        need("LIFECYCLE", f"{first} to {last} is no row of numbers", first == last or row, size < 2**64)
        return (len(first), first), (len(last), last), size
    def reserve(self):
        (first, last, _), ranges = self.span(), self.ranges[self.body["kind"]]
        need("NUMBER-TWICE", "ranges overlap", touching(ranges, first, last)[2] is None)
        insort(ranges, (first, last, self.body["range"], self.body["seq"]))
    def is_closed(self, kind, place):  # after a loss only numbers of ranges that were reserved since are given out
        return touching(self.ranges[kind], place, place)[3] < self.of("loss", "last").get("seq", -1)
    def use_up(self, kind, field):
        """The numbers of an order, as many as it has rows: in their range, and nobody else's."""
        count, kind = 0, self.body.get(kind, kind)
        for span in self.body[field]:
            first, last, size = self.span(span)
            low, high, name, _ = touching(self.ranges[kind], first, last)
            template = self.of("range", name).get("template") or self.body["template"]
            need("LIFECYCLE", "numbers do not fit their range", low <= first, last <= high, name == span.get("range"),
                 template == self.body["template"], not self.is_closed(kind, first))
            need("NUMBER-TWICE", "numbers are taken", touching(self.taken[kind], first, last)[2] is None)
            insort(self.taken[kind], (first, last, self.body["order"]))
            count += size
        need("LIFECYCLE", "as many numbers as rows", count == self.body["rows"] > 0)
    def give_back(self):
        for spans in self.taken.values():
            spans[:] = [span for span in spans if span[2] != self.body["order"]]
    def orders(self, path, begins=None):
        """Binds the orders that have used up number and terminal number, and whether one of these is closed."""
        self.body["closed"] = False
        for field, kind in ("number", find(self.body, path)), ("terminal", "terminal"):
            place = len(self.body.get(field, "")), self.body.get(field)
            self.body[field + "_of"] = order = touching(self.taken[kind], place, place)[2] or None
            self.body["closed"] |= field in self.body and self.is_closed(kind, place)
            if begins and field in self.body and not order:  # in the way of orders to come
                insort(self.taken[kind], (place, place, ""))
        if begins:
            self.cards_of[self.body.get("batch")].add((self.body["kind"], self.body["number"]))
    def sealed(self):
        keys = [used["key"] for used in self.body["keys"]]
        plain = {field: value for field, value in self.e["body"].items() if field != "digest"}
        digest = hashlib.sha256(b"cardmint-batch-v1\n" + canonical(plain)).hexdigest()
        need("BATCH", "wrong digest, or keys out of order", digest == self.body["digest"], keys == sorted(set(keys)))
    def account(self):  # what became of the cards and blanks of a batch
        name, batch = self.body["batch"], self.body["it"]
        cards = {other: [self.of("card", *card) for card in self.cards_of[other]] for other, in self.rows["batch"]
                 if self.of("batch", other)["order"] == batch["order"]}
        made = {other: Counter(card["state"] for card in cards[other] if card.get("batch") == other) for other in cards}
        blanks = {lot: [self.stock[lot, (place, name)] for place in ("in-process", "issued", "scrapped")]
                  for lot, in sorted(self.rows["lot"])}
        doubtful = {"writing", "in-doubt", "failed-partial"} & made[name].keys()
        need("BATCH", "something is in doubt", not doubtful, not any(there for there, _, _ in blanks.values()))
        failed, void, begun = made[name]["failed-blank"], made[name]["void"], sum(map(Counter.total, made.values()))
        account = {"issued": made[name].total() - failed - void, "failed": failed, "void": void,
                   "left": max(0, batch["rows"] - begun),
                   "lots": [{"lot": lot, "drawn": issued + scrapped, "issued": issued, "scrapped": scrapped}
                            for lot, (_, issued, scrapped) in blanks.items() if issued or scrapped]}
        need("BATCH", f"the account is {account}", account == {field: self.body.get(field, []) for field in account})
        self.of("order", batch["order"])["state"] = "worked"
    def place(self, word):
        return word.partition(":")[0], find(self.body, word.partition(":")[2])
    def move(self, source, to):
        """Blanks of a lot from one place to another: as many as the body says, or a card's one."""
        blank, source, to = self.body.get("blank", self.body), self.place(source), self.place(to)
        lot, count, numbered = blank["lot"], blank.get("count", 1), self.of("lot", blank["lot"])["serials"]
        serials = blank.get("serials", []) if "count" in blank else [blank.get("chip")] if numbered else []
        need("STOCK", "a count and its serial numbers", count > 0, len(serials) == (count if numbered else 0))
        for serial in serials:
            at = self.serials.get(serial, (lot, ("outside", None)))
            need("STOCK", f"{serial} is not there", at == (lot, source))
            self.serials[serial] = lot, to
        need("STOCK", f"too few blanks {source}", self.stock[lot, source] >= count or source[0] == "outside")
        self.stock.update({(lot, source): -count, (lot, to): count})
    def counted(self, place):
        need("STOCK", "not as counted", self.stock[self.body["lot"], self.place(place)] == self.body["expected"])
# ---- tree, checkpoint, file ----
def tree(leaves, first, last, hashes):
    """RFC 6962's hash over entries from first up to last; a range without a known leaf takes the next of the hashes."""
    if not leaves:
        return next(hashes, b"")
    if last - first == 1:
        return leaves[0][1]
    middle = first + (1 << (last - first - 1).bit_length() - 1)
    at = bisect_left(leaves, (middle,))
    halves = tree(leaves[:at], first, middle, hashes) + tree(leaves[at:], middle, last, hashes)
    return hashlib.sha256(b"\1" + halves).digest()
def consistency(leaves, first, last, size):  # the proof of RFC 6962 2.1.2 that entries up to last begin with so many
    if size == last:
        return [tree(leaves[first:last], first, last, iter([]))] if first else []
    middle = first + (1 << (last - first - 1).bit_length() - 1)
    mine, other = ((first, middle), (middle, last))[::1 if size <= middle else -1]
    return consistency(leaves, *mine, size) + [tree(leaves[slice(*other)], *other, iter([]))]
def vkey_of(ledger):
    name, data = "cardmint/" + ledger.init["site"], b"\1" + base64.b64decode(ledger.init["log_key"])
    key_id = hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8]
    return f"{name}+{key_id}+{base64.b64encode(data).decode()}"
def check_note(note, ledger, size, leaves, hashes):
    """A checkpoint (c2sp.org/tlog-checkpoint) by the log's key, over these leaves. Other signatures are passed over."""
    match, key = re.fullmatch(TABLE["forms"]["note"], note.decode(errors="replace")), vkey_of(ledger).split("+", 2)
    need("CHECKPOINT", "not a signed note", match, len(note) <= 100_000)
    text, origin, covered, root, lines = match.groups()
    blobs = [base64.b64decode(blob) for _, by, blob in map(str.split, lines.splitlines()) if by == key[0]]
    data = base64.b64decode(key[2])[1:]
    mine = [verifies(data, text.encode(), blob[4:]) for blob in blobs if blob[:4].hex() == key[1]]
    need("CHECKPOINT", "not by the log's key", origin == key[0], mine, *mine)
    covered, missing = int(covered), iter(hashes or [])
    need("CHECKPOINT", f"over {covered} entries", covered == size if size else covered <= len(leaves))
    known = leaves[:bisect_left(leaves, (covered,))]
    made = tree(known, 0, covered, missing) if covered else hashlib.sha256().digest()
    agrees = hashes is None or made == base64.b64decode(root) and not list(missing)
    need("EVIDENCE-TREE" if ledger.part else "CHECKPOINT", "over other entries", agrees)

def verify(file, note=None, vkey=None):
    """All findings as (check, seq or None, text), and the size of the tree where the file is a part of it."""
    found, ledger, last, place, size, hashes = [], Ledger(), "", -1, None, []
    leaves = ledger.leaves
    def check(seq, rule, *args):
        try:
            return rule(*args)
        except Finding as finding:
            found.append((finding.args[0], seq, finding.args[1]))
    head = file.readline()
    lines = itertools.chain([head] if head else [], file)
    if head.startswith(b"cardmint-evidence/"):
        text = b"".join(itertools.takewhile(lambda line: line != b"\n", file)).decode(errors="replace")
        match = re.fullmatch(TABLE["forms"]["head"], text) if head == b"cardmint-evidence/1\n" else None
        size, entries, count = map(int, match.groups()[1:]) if match else (0, 0, 0)
        ledger.part = bool(match) and match[1] != "whole"
        if not 0 < entries <= size < 2**63 or not ledger.part and (entries, count) != (size, 0):
            return [("LEDGER-EVIDENCE-FORM", None, "no head")], None
        lines = itertools.takewhile(lambda line: line != b"\n", itertools.islice(file, entries))
    for place, line in enumerate(lines):
        line = line[:-1] if line[-1:] == b"\n" else line + b"\n"
        said, is_canonical = parse(line)
        seq = place if not ledger.part else said["seq"] if has_form(said.get("seq"), "I") else None
        before = leaves[-1] if leaves else (-1, bytes(32))
        follows = seq is not None and before[0] < seq < (size or seq + 1)
        e = check(seq, take, said, is_canonical)
        if e:
            alone = ledger.part and (not leaves or seq != before[0] + 1)
            check(seq, need, "EVIDENCE-ORDER" if ledger.part else "SEQ", "out of its place", follows, seq == e["seq"])
            check(seq, need, "CHAIN", "does not follow from the entry before", alone or e["prev"] == before[1].hex())
            check(seq, need, "TIME", "dated before the entry before", e["at"] >= last)
            check(seq, need, "SITE", "of another site", not ledger.init or ledger.init["site"] == e["site"])
            check(seq, need, "EVIDENCE-CONTEXT", "the beginning is missing", place or seq == 0)
            last = e["at"]
            if ledger.init or place == 0 or e["act"] == "site.init" and not ledger.part:
                check(seq, ledger.admit, e)
        leaves += [(seq, hashlib.sha256(b"\0" + line).digest())] if follows else []
    if size is not None:
        gap, hashes = file.readline(), [line[:-1].decode(errors="replace") for line in itertools.islice(file, count)]
        end, note = file.readline(), file.read()
        good = place + 1 == entries and len(hashes) == count and note and gap == end == b"\n"
        if not good or not all(has_form(line, "K") for line in hashes):
            return (found if ledger.part else []) + [("LEDGER-EVIDENCE-FORM", None, "no bundle")], None
        hashes = [base64.b64decode(line) for line in hashes]
    check(None, need, "SEQ", "there is no entry", place >= 0)
    check(place, need, "CEREMONY", "its end is missing", ledger.part or not (ledger.open or {}).get("acted"))
    if ledger.init and note is not None:
        check(None, check_note, note, ledger, size, leaves, hashes if len(leaves) == place + 1 else None)
    if ledger.init and vkey is not None:
        check(None, need, "LOG-KEY", "the ledger names another key", vkey.strip() == vkey_of(ledger))
    return found, size if ledger.part else None

if __name__ == "__main__":
    others = {os.path.exists(argument): argument for argument in sys.argv[2:]}  # True: the checkpoint; False: the key
    checkpoint = open(others[True], "rb").read() if True in others else None
    findings, whole = verify(open(sys.argv[1], "rb"), checkpoint, others.get(False))
    for check, seq, what in findings:
        print(check, "-" if seq is None else seq, what)
    print(f"A part of {whole} entries. {TABLE['unshown']}\n" * bool(whole) + ("bad" if findings else "good"))
    sys.exit(3 if findings else 0)
