#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a cardmint ledger by the table acts.json: python3 verify_ledger.py FILE [CHECKPOINT] [VKEY]

FILE has all entries (JSON Lines) or is an evidence bundle, which brings its checkpoint. Written from ledger.md,
ledger-centre.md and evidence.md. Prints a line for each finding, then `good` or `bad`. Exit code 0 or 3."""
import base64, functools, hashlib, itertools, json, pathlib, re, sys
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
TABLE = json.loads(pathlib.Path(__file__).with_name("acts.json").read_text("utf-8"))
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
@functools.lru_cache(200)
def multiples(raw):  # of the point's negative: 0 to 15 times each power of 16; nothing where it is no point to be used
    y, sign = int.from_bytes(raw, "little") & (2**255 - 1), raw[31] >> 7
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x if x * x % P == xx else x * ROOT % P
    x = P - x if x & 1 == sign else x
    unit, rows = (x, y, 1, x * y % P), []
    for _ in range(64):
        *row, unit = itertools.accumulate([unit] * 16, add, initial=NEUTRAL)
        rows.append(row)
    return rows if y < P and x * x % P == xx and rows[0][8][0] else []
def verifies(key, message, sig):
    rows, s = multiples(key), int.from_bytes(sig[32:], "little")
    k = int.from_bytes(hashlib.sha512(sig[:32] + key + message).digest(), "little") % L
    if not rows or s >= L:
        return False
    terms = (table[i][n >> 4 * i & 15] for table, n in ((multiples(BASE), L - s), (rows, k)) for i in range(64))
    r = functools.reduce(add, terms)
    inverse = pow(r[2], -1, P)
    packed = r[1] * inverse % P | (r[0] * inverse % P & 1) << 255
    return packed.to_bytes(32, "little") == sig[:32] and functools.reduce(lambda a, _: add(a, a), range(3), r)[0] != 0
# ---- SM2 with SM3 (GB/T 32918.2, GB/T 32905). A point is (x, y), the neutral one None ----
def numbers(data, length=32):
    return [int.from_bytes(data[at:at + length], "big") for at in range(0, len(data), length)]
SM2_CURVE = bytes.fromhex("".join(TABLE["sm2"][name] for name in "abxy"))
SM2_A, SM2_B, *SM2_BASE, SM2_P, SM2_N = numbers(SM2_CURVE + bytes.fromhex(TABLE["sm2"]["p"] + TABLE["sm2"]["n"]))
def sm3(data):
    def turn(word, by):
        return (word << by % 32 | word >> -by % 32) & 0xFFFFFFFF
    state = numbers(bytes.fromhex("7380166F4914B2B9172442D7DA8A0600A96F30BC163138AAE38DEE4DB0FB0E4E"), 4)
    data += b"\x80" + bytes(-(len(data) + 9) % 64) + (8 * len(data)).to_bytes(8, "big")
    for at in range(0, len(data), 64):
        w, (a, b, c, d, e, f, g, h) = numbers(data[at:at + 64], 4), state
        for j in range(64):
            x = w[j] ^ w[j + 7] ^ turn(w[j + 13], 15)
            w.append(x ^ turn(x, 15) ^ turn(x, 23) ^ turn(w[j + 3], 7) ^ w[j + 10])
            ff, gg = (a ^ b ^ c, e ^ f ^ g) if j < 16 else (a & b | a & c | b & c, e & f | ~e & g)
            ss = turn(turn(a, 12) + e + turn(0x79CC4519 if j < 16 else 0x7A879D8A, j) & 0xFFFFFFFF, 7)
            x, y = ff + d + (ss ^ turn(a, 12)) + (w[j] ^ w[j + 4]) & 0xFFFFFFFF, gg + h + ss + w[j] & 0xFFFFFFFF
            a, b, c, d, e, f, g, h = x, a, turn(b, 9), c, y ^ turn(y, 9) ^ turn(y, 17), e, turn(f, 19), g
        state = [old ^ new for old, new in zip(state, (a, b, c, d, e, f, g, h))]
    return b"".join(word.to_bytes(4, "big") for word in state)
def add_sm2(one, other):
    if not one or not other:
        return one or other
    (x, y), (u, v) = one, other
    if x == u and y != v:
        return None
    slope = (3 * x * x + SM2_A) * pow(2 * y, -1, SM2_P) if x == u else (v - y) * pow(u - x, -1, SM2_P)
    third = (slope * slope - x - u) % SM2_P
    return third, (slope * (x - third) - y) % SM2_P
def times_sm2(n, point):
    return functools.reduce(lambda sum, bit: add_sm2(add_sm2(sum, sum), point if bit == "1" else None), f"{n:b}", None)
def verifies_sm2(key, message, sig):  # by a key that is `on_curve`
    (r, s), (e,) = numbers(sig), numbers(sm3(sm3(b"\0\x801234567812345678" + SM2_CURVE + key[1:]) + message))
    t = (r + s) % SM2_N
    point = add_sm2(times_sm2(s, SM2_BASE), times_sm2(t, numbers(key[1:])))
    return 0 < r < SM2_N and 0 < s < SM2_N and t > 0 and point is not None and (e + point[0]) % SM2_N == r
# ---- the form of an entry, by the types of the table ----
FORMS = {str: lambda value, form: isinstance(value, str) and re.fullmatch(form, value),
         int: lambda value, bits: type(value) is int and 0 <= value < 2**bits,
         list: lambda value, words: any(type(value) is type(word) and value == word for word in words),
         dict: lambda value, fields: not fields or has_fields(value, fields)}
def has_form(value, kind):  # [KIND]: a list; KIND*: a list that is absent when empty; {KIND}: an object with any names
    bare, form = kind.strip("[]{}*"), TABLE["types"].get(kind)
    if kind[0] == "[" or kind[-1] == "*":
        return isinstance(value, list) and (value or kind[0] == "[") and all(has_form(item, bare) for item in value)
    if kind[0] == "{":
        return isinstance(value, dict) and all(has_form(item, bare) for item in value.values())
    return FORMS[type(form)](value, form)
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
COMPARE = {"@": lambda a, b: a == b, "+": lambda a, b: a == (b or 0) + 1, "^": lambda a, b: a in (b or []),
           "<": lambda a, b: None not in (a, b) and a < b, "!": lambda a, b: set(a).isdisjoint(b or []), "#": has_form,
           "%": lambda a, b: a <= len(b), "~": lambda a, b: a[:len(b)] == b[:len(a)] and min(len(a), len(b)) >= 6}
def find(body, path):  # what stands at FIELD or ROW.FIELD; None where nothing does
    return functools.reduce(lambda row, field: row.get(field) if isinstance(row, dict) else None, path.split("."), body)
def holds(body, condition):  # PATH: it is there; PATH=A|B: is or has one of these; PATH=@OTHER…: as above
    path, _, wanted = condition.partition("=")
    found, sign, other = find(body, path), wanted[:1], wanted[1:]
    if sign in COMPARE:
        return COMPARE[sign](found, other if sign == "#" else find(body, other))
    if not wanted:
        return found is not None and found is not False
    return any(str(one) in wanted.split("|") for one in (found if isinstance(found, list) else [found]))
def touching(spans, first, last):  # the last of these spans, sorted and apart, that has a number from first to last
    at = bisect_right(spans, last, key=lambda span: span[0])
    return spans[at - 1] if at and spans[at - 1][1] >= first else (first, last, None, -1)
class Ledger:  # the site as the entries so far have made it; `admit` takes the next one or raises a Finding
    def __init__(self):
        self.part, self.init, self.policy, self.open = False, None, None, None
        self.rows = {register: {} for register in TABLE["registers"]}
        self.ranges, self.taken = defaultdict(list), defaultdict(list)  # spans of numbers by kind
        self.stock, self.serials = Counter(), {}  # how many blanks by lot and place; where each serial number is
        self.leaves, self.cards_of = [], defaultdict(set)  # the cards begun with a batch's name
    def of(self, register, *name):
        return self.rows[register].get(name, {})
    def admit(self, e):
        self.e, self.act, self.names = e, e["act"], [signed["officer"] for signed in e["sigs"]]
        self.approved = self.names[:-1] if self.act == "officer.enrol" else self.names
        self.body = e | {"actor": e["officer"], "signers": self.names, "approvals": e["sigs"][:len(self.approved)],
                         "open": self.open, "policy": self.policy, "init": self.init}
        self.body |= ACTS[self.act].get("with", {}) | e["body"]
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
    def rule(self, rule, part, check, mode):  # a row, whether it is there; conditions; a function; the row after it
        if "of" in rule:
            rows, name = self.rows[rule["of"]], tuple(find(part, path) for path in rule["name"].split())
            if name == (None,) or mode == "known" and name not in rows:
                return
            need(check, f"{rule['of']} {name} was there before", name not in rows or mode not in ("new", "absent"))
            if mode in ("new", "put"):
                rows[name] = {"seq": part["seq"]} | {field: part.get(field) for field in TABLE["registers"][rule["of"]]}
            need(check, f"{rule['of']} {name} is unknown", name in rows or mode == "absent")
            row = part[rule.get("as", "it")] = part["it"] = rows.get(name)
            fits = "in" not in rule or row["state"] in rule["in"].split("|")
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
        asked = max(rule["officers"] for rule in rules)
        active = sum(officer["state"] == "active" for officer in self.rows["officer"].values())
        here = body | {"always": True, "active": active > 1, "production": not self.init["rehearsal"]}
        two = "ceremony" in body or all(holds(here, word) for word in ACTS[act].get("two", "ceremony").split())
        if act == "officer.enrol":
            need("SIGNATURE", "the new officer did not sign last", self.names[-1] == body["name"])
            asked = min(asked, active)
        needs = max(len(body["officers"]), 1) if act == "site.init" else max(asked, 1 + two)
        need("TWO-OFFICERS", f"{needs} officers needed, {len(names)} signed", len(names) >= needs)
        for name, part in zip(names, ["roles"] + ["approvers"] * len(names)):
            has = self.of("officer", name)["roles"]
            need("ROLE", f"{name} has no role", *(not rule[part] or set(has) & set(rule[part]) for rule in rules))
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
    def cosigned(self):  # a witness's signature (c2sp.org/tlog-cosignature), over a checkpoint of the entries before
        body, size, count = self.body, self.body["size"], len(self.leaves)
        key, sig, log_sig = (base64.b64decode(body[field]) for field in ("key", "sig", "log_sig"))
        root = base64.b64encode(bytes.fromhex(body["root"])).decode()
        text = f"cardmint/{self.init['site']}\n{size}\n{root}\n".encode()
        by_witness = verifies(key, f"cosignature/v1\ntime {body['time']}\n".encode() + text, sig)
        by_log = verifies(base64.b64decode(self.init["log_key"]), text, log_sig)
        need("COSIGNATURE", "not signed by log and witness, or of the future", by_log, by_witness, size <= body["seq"])
        if not self.part:
            path = [step.hex() for step in consistency(self.leaves, 0, count, min(size, count))]
            made = tree(self.leaves[:size], 0, size, iter([])).hex()
            need("COSIGNATURE", "over other entries", made == body["root"], path == body.get("path", []))
    def on_curve(self, field):
        key = base64.b64decode(self.body[field])
        x, y = numbers(key[1:])
        need("LIFECYCLE", "no SM2 key", key[0] == 4, max(x, y) < SM2_P, (y * y - x**3 - SM2_A * x - SM2_B) % SM2_P == 0)
    def span(self, span=None):  # its begin, end and size; longer numbers come after shorter ones
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
    def use_up(self, kind, field):  # the numbers of an order, as many as it has rows: in their range, and nobody else's
        count, kind = 0, self.body.get(kind, kind)
        for span in self.body[field]:
            first, last, size = self.span(span)
            low, high, name, _ = touching(self.ranges[kind], first, last)
            need("LIFECYCLE", "numbers do not fit their range", low <= first, last <= high, name == span.get("range"),
                 self.of("range", name).get("template") in (None, self.body["template"]), not self.is_closed(kind, low))
            need("NUMBER-TWICE", "numbers are taken", touching(self.taken[kind], first, last)[2] is None)
            insort(self.taken[kind], (first, last, self.body["order"]))
            count += size
        need("LIFECYCLE", "as many numbers as rows", count == self.body["rows"] > 0)
    def give_back(self):
        self.taken |= {kind: [one for one in row if one[2] != self.body["order"]] for kind, row in self.taken.items()}
    def orders(self, path, begins=None):  # which have used up number and terminal number; is one of these closed?
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
        begun = [self.of("card", *card) for (other,), it in self.rows["batch"].items() if it["order"] == batch["order"]
                 for card in self.cards_of[other] if self.of("card", *card).get("batch") == other]
        made = Counter(card["state"] for card in begun if card["batch"] == name)
        blanks = {lot: [self.stock[lot, (place, name)] for place in ("in-process", "issued", "scrapped")]
                  for lot, in sorted(self.rows["lot"])}
        doubtful = {"writing", "in-doubt", "failed-partial"} & made.keys()
        need("BATCH", "something is in doubt", not doubtful, not any(there for there, _, _ in blanks.values()))
        account = {"issued": made.total() - made["failed-blank"] - made["void"], "failed": made["failed-blank"],
                   "void": made["void"], "left": max(0, batch["rows"] - len(begun)),
                   "lots": [{"lot": lot, "drawn": issued + scrapped, "issued": issued, "scrapped": scrapped}
                            for lot, (_, issued, scrapped) in blanks.items() if issued or scrapped]}
        need("BATCH", f"the account is {account}", account == {field: self.body.get(field, []) for field in account})
    def place(self, word):
        return word.partition(":")[0], find(self.body, word.partition(":")[2])
    def move(self, source, to):  # blanks of a lot from one place to another: as many as the body says, or a card's one
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
def tree(leaves, first, last, hashes):  # RFC 6962's, of first up to last; where no leaf is known, the next hash
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
def note_keys(ledger):  # the log's, the Ed25519 key first: what verifies with it, the key, its text form NAME+ID+BASE64
    name, sm2 = "cardmint/" + ledger.init["site"], b"\xffcardmint/sm2-with-sm3/v1"
    keys = [(verifies_sm2, sm2, key) for key, in ledger.rows["sm2-key"]]
    for rule, kind, key in [(verifies, b"\1", ledger.init["log_key"])] + keys:
        key = base64.b64decode(key)
        key_id = hashlib.sha256(name.encode() + b"\n" + kind + key).hexdigest()[:8]
        yield rule, key, f"{name}+{key_id}+{base64.b64encode(kind + key).decode()}"
def check_note(note, ledger, size, leaves, hashes):  # a checkpoint (c2sp.org/tlog-checkpoint) over these leaves
    match = re.fullmatch(TABLE["forms"]["note"], note.decode(errors="replace"))
    need("CHECKPOINT", "not a signed note", match, len(note) <= 100_000)
    text, origin, covered, root, lines = match.groups()
    signed = [(by, base64.b64decode(blob)) for _, by, blob in map(str.split, lines.splitlines())]
    right = [[len(blob) == 68 and rule(key, text.encode(), blob[4:]) for by, blob in signed
              if text_form.startswith(f"{by}+{blob[:4].hex()}+")] for rule, key, text_form in note_keys(ledger)]
    # One line at least is by the Ed25519 key. None by any of the log's keys is wrong; those of others are passed over.
    need("CHECKPOINT", "not signed by the log, or wrongly", right[0], *itertools.chain(*right))
    covered, missing, is_own = int(covered), iter(hashes or []), origin == "cardmint/" + ledger.init["site"]
    need("CHECKPOINT", f"over {covered} of {origin}", is_own, covered == size if size else covered <= len(leaves))
    made = tree(leaves[:bisect_left(leaves, (covered,))], 0, covered, missing) if covered else hashlib.sha256().digest()
    agrees = hashes is None or made == base64.b64decode(root) and not list(missing)
    need("EVIDENCE-TREE" if ledger.part else "CHECKPOINT", "over other entries", agrees)
def verify(file, note=None, vkey=None):  # all findings as (check, seq or None, text); of a part, its tree's size
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
        text = head + b"".join(itertools.takewhile(lambda line: line != b"\n", file))
        match = re.fullmatch(TABLE["forms"]["head"], text.decode(errors="surrogateescape"))
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
        match = re.fullmatch(TABLE["forms"]["end"], file.read().decode(errors="replace"))
        hashes = [base64.b64decode(line) for line in match[1].split()] if match else []
        if not match or place + 1 != entries or len(hashes) != count:
            return (found if ledger.part else []) + [("LEDGER-EVIDENCE-FORM", None, "no bundle")], None
        note = match[2].encode()
    check(None, need, "SEQ", "there is no entry", place >= 0)
    check(place, need, "CEREMONY", "its end is missing", ledger.part or not (ledger.open or {}).get("acted"))
    if ledger.init and note is not None:
        check(None, check_note, note, ledger, size, leaves, hashes if len(leaves) == place + 1 else None)
    check(None, need, "LOG-KEY", "of another key", not (ledger.init and vkey) or vkey == next(note_keys(ledger))[2])
    return found, size if ledger.part else None
if __name__ == "__main__":
    others = {pathlib.Path(argument).exists(): argument for argument in sys.argv[2:]}  # the checkpoint, and the key
    checkpoint = open(others[True], "rb").read() if True in others else None
    findings, whole = verify(open(sys.argv[1], "rb"), checkpoint, others.get(False))
    for check, seq, what in findings:
        print(check, "-" if seq is None else seq, what)
    print(f"A part of {whole} entries. {TABLE['unshown']}\n" * bool(whole) + ("bad" if findings else "good"))
    sys.exit(3 if findings else 0)
