#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a cardmint ledger from its JSON Lines export, with Python's standard library and the two files beside it.

    python3 verify_ledger.py EXPORT.jsonl [CHECKPOINT [VKEY]]

Written from ledger.md and ledger-centre.md alone. Prints one line per finding and a last line `good` or `bad`; exit code 0 or 3.
"""
import base64
import hashlib
import json
import re
import sys
from datetime import datetime

import card_centre
from ed25519 import verifies

# ---- the form of an entry: "name:kind name:kind". KIND? may be absent, KIND* is a list that is absent when empty ----
SHAPES = card_centre.SHAPES | {
    "entry": "v:byte seq:I at:M prev:H site:site officer:T act:act body:any sigs:[signed]", "signed": "officer:T sig:sig",
    "officer": "name:T roles:[role] key:K ceremony:I?", "rule": "officers:byte roles:[role] approvers:[role]",
    "policy": "rules:{rule} approved_templates:B keys_by_ceremony:true? approved_batches:true? lots:true?",
    "use": "key:T usage:T kcv:X", "seen": "key:T kcv:X",
    "participant": "id:T role:role officer:T", "holder": "officer:T index:U", "share": "officer:T index:U digest:H",
    "given": "officer:T kcv:X", "file": "slot:T digest:H", "event": "at:M officer:T? what:W detail:T?",
    "step": ("id:T kind:W began:M ended:M by:T* keys:seen* components:given* shares:share* files:file* confirmed:T* "
             "events:event*"),
    "site.init": "name:T level:T scheme:T code:T rehearsal:B log_key:K officers:[officer] policy:policy program:T "
                 "kcv_length:U? memory_lock:true? copy_outside:true?",
    "site.trust": "site:site name:T owner:T signing:K card:H",
    "officer.enrol": "name:T roles:[role] key:K ceremony:I?", "officer.revoke": "name:T reason:T ceremony:I?",
    "policy.change": "policy:policy", "pin.set": "name:T ceremony:I?", "template.approve": "template:T digest:H",
    "key.export": "key:T kcv:X to:T form:T factors:X* package:H? ceremony:I?",
    "key.retire": "key:T kcv:X state:state reason:T ceremony:I?", "store.reshare": "quorum:U holders:[holder] ceremony:I?",
    "ceremony.begin": "plan:H title:T nonce:nonce participants:[participant] program:T build:H resumes:I?",
    "ceremony.end": "begin:I plan:H nonce:nonce result:closing reason:T? steps:step*",
    "store.backup": "digest:H generation:I threshold:U shares:[share] keys:U ceremony:I",
    "store.restore": "digest:H generation:I shares:[share] keys:U quorum:U holders:[holder] ceremony:I",
    "card.void": "kind:card number:N reason:T", "ledger.export": (
        "format:T content:W? from:I to:I since:M? until:M? act:T? number:N? batch:T? by:T? holders:true? reason:T? entries:I "
        "digest:H"),
    "clock.refused": "earliest:M attempts:U", "checkpoint.renew": "reason:T size:I root:H",
    "ledger.backup": "digest:H bytes:I size:I root:H", "ledger.loss": "reason:T size:I? root:H?",
    "ledger.archive": "from:I to:I file:T digest:H",
    "purse.intent": "number:N terminal:N type:X amount:U balance:U counter:U terminal_counter:U? datetime:N desk:money?",
    "purse.closed": "number:N intent:I result:settled reason:T? status_word:X?",
}
for act in "key.generate", "key.import", "key.derive", "key.receive":
    SHAPES[act] = ("key:T usage:T owner:T version:U alg:T kcv:X state:state from:T? parent:T? factors:X* components:X* "
                   "method:W? package:H? ceremony:I?")
for act in "card", "psam":
    SHAPES[act + ".intent"] = ("number:N chip:N? terminal:N? template:T template_digest:H script:H raw:true? reader:T "
                               "keys:use* batch:T? lot:T? resumes:I?")
    SHAPES[act + ".outcome"] = "number:N intent:I result:ending proof:H? steps:U reason:T? status_word:X?"
for act in "load", "purchase":
    SHAPES["purse." + act] = SHAPES["purse.intent"].replace("balance:U", "balance:U?").replace("desk:money?", "tac:X intent:I?")
PATTERNS = card_centre.PATTERNS | {
    "N": "[0-9A-Z]{1,24}", "X": "([0-9A-F]{2}){1,8}", "H": "[0-9a-f]{64}", "nonce": "[0-9A-F]{16}", "card": "user|psam",
    "state": "pre-active|active|retired|destroyed|compromised", "ending": "issued|failed-blank|failed-partial|in-doubt",
    "settled": "not-done|done-unproved|unknown", "closing": "completed|abandoned",
    "role": "key-officer|custodian|witness|operator|supervisor|auditor",
    "T": r"(?!.*[0-9A-Fa-f]{32})[^\0-\x1f\x7f-\x9f]{1,120}", "W": "(?!.*[0-9a-f]{32})[a-z0-9-]{1,40}",
    "site": "(?!.*[0-9A-Fa-f]{32})[A-Za-z0-9._-]{1,48}",
    "K": "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", "sig": "[A-Za-z0-9+/]{85}[AQgw]==",  # base64 of 32 and 64 bytes, one form
}
BITS = {"I": 64, "U": 32, "byte": 8}
CHECKS = {"B": lambda v: type(v) is bool, "true": lambda v: v is True, "any": lambda v: True, "M": lambda v: moment(v),
          "act": lambda v: isinstance(v, str) and "." in v and v in SHAPES}

def moment(v):
    try:
        return datetime.strptime(v, "%Y-%m-%dT%H:%M:%SZ").isoformat() + "Z" == v
    except (TypeError, ValueError):
        return False

def has_form(v, kind):
    if kind[0] in "[{":
        items = v if kind[0] == "[" else list(v.values()) if isinstance(v, dict) else None
        return isinstance(items, list) and all(has_form(item, kind[1:-1]) for item in items)
    if kind in PATTERNS:
        return isinstance(v, str) and re.fullmatch(PATTERNS[kind], v) is not None
    if kind in BITS:
        return type(v) is int and 0 <= v < 2**BITS[kind]
    if kind in CHECKS:
        return CHECKS[kind](v)
    left = dict(v) if isinstance(v, dict) else {None: "no object"}
    for name, kind in (field.split(":") for field in SHAPES[kind].split()):
        bare = kind.rstrip("?*")
        if name in left or kind == bare:
            value = left.pop(name, None)
            if not (value and has_form(value, f"[{bare}]") if kind[-1] == "*" else has_form(value, bare)):
                return False
    return not left

def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

def well_formed(line):
    """The entry, or None where the line is not the canonical form of a version 1 entry."""
    try:
        entry = json.loads(line.decode())
        good = canonical(entry) == line and has_form(entry, "entry") and entry["v"] == 1
    except (ValueError, RecursionError):
        return None
    return entry if good and has_form(entry["body"], entry["act"]) else None

# ---- what the entries add up to ----
# What an act brings, the field that names it, and the check that fails where it was there before.
BRINGS = {act: ("key", "key", "NUMBER-TWICE") for act in ("key.generate", "key.import", "key.derive", "key.receive")}
BRINGS |= {"template.approve": ("template", "digest", "LIFECYCLE"), "store.backup": ("backup", "digest", "NUMBER-TWICE"),
           "ledger.archive": ("archive", "digest", "LIFECYCLE"), "ceremony.begin": ("ceremony", "nonce", "CEREMONY"), "officer.enrol": ("officer", "name", "NUMBER-TWICE")}

class Finding(Exception):
    pass

def need(check, what, *holds):
    if not all(holds):
        raise Finding("LEDGER-" + check, what)

class Ledger:
    """The site as the entries so far have made it; `admit` takes the next one or raises a Finding."""

    def __init__(self):
        self.site = self.log_key = self.policy = self.rehearsal = self.open = None
        self.centre = card_centre.Centre(self, need)
        self.archived, self.loss = 0, None
        self.known, self.cards, self.purses = {}, {}, {}  # known: (what, name) and the body that brought it

    def admit(self, e):
        act, body, names = e["act"], e["body"], [s["officer"] for s in e["sigs"]]
        need("LIFECYCLE", "site.init is the first entry and no other", (act == "site.init") == (self.policy is None))
        if "policy" in body:
            counts = [rule["officers"] for rule in body["policy"]["rules"].values()]
            need("LIFECYCLE", "a rule needs 1 to 4 officers", all(1 <= n <= 4 for n in counts))
        if act == "site.init":
            self.site, self.log_key, self.policy, self.rehearsal = e["site"], body["log_key"], body["policy"], body["rehearsal"]
            for officer in body["officers"]:
                need("CEREMONY", "no ceremony was before the first entry", "ceremony" not in officer)
                self.bring("officer.enrol", officer)
        self.signatures(act, body, names, e)
        self.approvals(act, body, names)
        self.ceremony(act, body, names[:-1] if act == "officer.enrol" else names, e["seq"])
        self.lifecycle(act, body, e["seq"])
        self.centre.admit(e, names)

    def bring(self, act, body):
        what, field, check = BRINGS[act]
        again = what == "officer" and any(w == what and o["key"] == body["key"] for (w, _), o in self.known.items())
        need(check, f"{what} {body[field]} was there before", (what, body[field]) not in self.known, not again)
        self.known[what, body[field]] = dict(body)

    def find(self, what, name):
        need("LIFECYCLE", f"unknown {what} {name}", (what, name) in self.known)
        return self.known[what, name]

    def roles(self, name):
        return self.known.get(("officer", name), {"roles": []})["roles"]

    def is_active(self, name):
        return ("officer", name) in self.known and "revoked" not in self.known["officer", name]

    def signatures(self, act, body, names, e):
        need("SIGNATURE", "not signed by the acting officer", names and names[0] == e["officer"])
        message = b"cardmint-entry-v1\n" + canonical({k: v for k, v in e.items() if k != "sigs"})
        for i, name in enumerate(names):
            need("TWO-OFFICERS", "signed twice by " + name, name not in names[:i])
            leaves = act == "ceremony.end" and self.open and name in self.open["revoked"]
            key = self.known["officer", name]["key"] if self.is_active(name) or leaves else None
            if ("officer", name) not in self.known and act == "officer.enrol" and body["name"] == name and i > 0:
                key = body["key"]
            right = key and verifies(base64.b64decode(key), message, base64.b64decode(e["sigs"][i]["sig"]))
            need("SIGNATURE", "no valid signature by " + name, right)

    def approvals(self, act, body, names):
        free = {"officers": 1, "roles": [], "approvers": []}
        rules = [self.policy["rules"].get(a, free) for a in ([act, "holder.show"] if "holders" in body and act == "ledger.export"
                                                             else [act])]
        rule = {"officers": max(rule["officers"] for rule in rules)}
        active, floor = sum(what == "officer" and self.is_active(n) for what, n in self.known), self.floor(act, body)
        needs = max(rule["officers"], floor)
        if act == "site.init":
            needs = max(len(body["officers"]), 1)
        elif act == "officer.enrol":
            need("SIGNATURE", "the new officer did not sign last", names[-1] == body["name"])
            names, needs = names[:-1], max(min(rule["officers"], active), floor)
        elif act in ("policy.change", "ledger.loss", "ledger.archive"):
            needs = max(needs, min(active, 2))
        need("TWO-OFFICERS", f"{needs} officers needed, {len(names)} signed", len(names) >= needs)
        for i, name in enumerate(names):
            lists = [rule["approvers" if i else "roles"] for rule in rules]
            need("ROLE", f"{name} has no role for {act}", *(not may or set(may) & set(self.roles(name)) for may in lists))

    def floor(self, act, body):
        """How many officers sign whatever the policy says."""
        older = [k for (what, _), k in self.known.items() if what == "key" and act.startswith("key.") and "version" in body
                 and k["version"] < body["version"] and all(k[part] == body[part] for part in ("usage", "owner", "alg"))]
        two = older or act == "key.export" or act.startswith("store.") or (act == "key.retire" and body["state"] == "destroyed")
        return 2 if act.startswith("ceremony.") or "ceremony" in body or (two and not self.rehearsal) else 1

    def ceremony(self, act, body, names, seq):
        begin, now = body.get("begin" if act == "ceremony.end" else "ceremony"), self.open
        need("CEREMONY", "between a ceremony's acts and its end", not now or not now["acted"] or begin == now["begin"])
        if act == "ceremony.begin":
            people, again = body["participants"], now and (now["begin"], now["plan"]) == (body.get("resumes"), body["plan"])
            need("CEREMONY", "another is open, or none to resume", again if now or "resumes" in body else True)
            need("CEREMONY", "not signed by exactly its participants", {p["officer"] for p in people} == set(names))
            need("CEREMONY", "a participant is there twice", len({p["id"] for p in people}) == len(people) == len(names))
            need("CEREMONY", "a participant has another role", *(p["role"] in self.roles(p["officer"]) for p in people))
            self.open = dict(body, begin=seq, acted=False, brought=[], revoked=set(), people=set(names))
        elif begin is not None:
            need("CEREMONY", f"no ceremony {begin} is open", now and begin == now["begin"])
            if act == "ceremony.end":
                return self.ceremony_end(body, now, set(names))
            need("CEREMONY", "signed by somebody who takes no part", set(names) <= now["people"])
            now["acted"] = True
            now["brought"] += [{"key": body["key"], "kcv": body["kcv"]}] if "version" in body else []
            now["revoked"] |= {body["name"]} if act == "officer.revoke" else set()
        elif act.startswith(("key.", "store.")):
            need("CEREMONY", "the policy wants a ceremony for this", not self.policy.get("keys_by_ceremony"))

    def ceremony_end(self, body, now, names):
        need("CEREMONY", "began with another plan or nonce", now["plan"] == body["plan"], now["nonce"] == body["nonce"])
        if body["result"] == "completed":
            need("CEREMONY", "not signed by exactly its participants", names == now["people"])
            told = [key for step in body.get("steps", []) for key in step.get("keys", [])]
            need("CEREMONY", "a key is missing in the transcript", *(key in told for key in now["brought"]))
        else:
            may = [name in now["people"] or "key-officer" in self.roles(name) for name in names]
            need("CEREMONY", "abandoned after its acts, or by others", not now["acted"], *may)
        self.open = None

    def shares(self, shares, least, threshold, officers_left=False):
        indexes, officers = {s["index"] for s in shares}, {s["officer"] for s in shares}
        good = len(indexes) == len(officers) == len(shares) >= threshold >= least and 0 not in indexes
        need("LIFECYCLE", "shares that cannot be", good, officers_left or all(map(self.is_active, officers)))

    def lifecycle(self, act, body, seq):
        kind = "psam" if act.startswith("psam") else "user"
        if act in BRINGS:
            need("LIFECYCLE", "no parent", "parent" not in body or self.find("key", body["parent"]))
            self.bring(act, body)
        if act == "officer.revoke":
            need("SIGNATURE", "no such officer to revoke", self.is_active(body["name"]))
            self.known["officer", body["name"]]["revoked"] = True
        elif act == "policy.change":
            self.policy = body["policy"]
        elif act in ("key.export", "key.retire"):
            key, offered = self.find("key", body["key"]), body["kcv"]
            n = min(len(key["kcv"]), len(offered))
            need("LIFECYCLE", "check value differs", "factors" in body or (n >= 6 and key["kcv"][:n] == offered[:n]))
            need("LIFECYCLE", "the key was destroyed", key["state"] != "destroyed")
            key["state"] = body.get("state", key["state"])
        elif act == "store.backup":
            self.shares(body["shares"], 2, body["threshold"])
        elif act in ("store.reshare", "store.restore"):
            self.shares(body["holders"], 1, body["quorum"])
            if act == "store.restore":
                made = self.find("backup", body["digest"])
                need("LIFECYCLE", "a backup of another generation", made["generation"] == body["generation"])
                self.shares(body["shares"], 2, made["threshold"], officers_left=True)
        elif act == "ledger.backup":
            need("LIFECYCLE", "entries that are not there yet", body["size"] <= seq)
        elif act == "ledger.loss":
            need("LIFECYCLE", "nothing is missing", ("size" in body) == ("root" in body), body.get("size", seq + 1) > seq)
            self.loss = seq
        elif act == "ledger.archive":
            need("LIFECYCLE", "not the next period", self.archived == body["from"] < body["to"] <= seq)
            self.archived = body["to"]
        elif act.startswith("purse."):
            self.purse(act, body, seq)
        elif act.endswith(".intent"):
            self.intent(kind, body, seq)
        elif act.endswith(".outcome"):
            card = self.cards.get((kind, body["number"]), {"intent": None})
            is_open = card["intent"] == body["intent"] and card["status"] == "in-doubt" and not card["done"]
            need("LIFECYCLE", "outcome without an open intent", is_open)
            card.update(status=body["result"], done=True)
        elif act == "card.void":
            card = self.cards.get((body["kind"], body["number"]), {"status": "void"})
            need("LIFECYCLE", "no such card to void", card["status"] != "void")
            card["status"] = "void"

    def purse(self, act, body, seq):
        number = body["number"]
        said = [body.get(f) for f in ("type", "amount", "terminal", "counter", "terminal_counter", "datetime")]
        status = self.cards.get(("user", number), {"status": "issued"})["status"]
        if "intent" in body:
            at, meant = self.purses.pop(number, (None, None))
            need("LIFECYCLE", "no such open purse intent", at == body["intent"], act == "purse.closed" or meant == said)
        else:
            need("LIFECYCLE", "purse transaction of a card that is not issued", status == "issued")
            if act == "purse.intent":
                need("LIFECYCLE", "a purse intent is open already", number not in self.purses)
                self.purses[number] = (seq, said)

    def intent(self, kind, body, seq):
        number, chip, terminal = (kind, body["number"]), body.get("chip"), body.get("terminal")
        if self.policy["approved_templates"]:
            approved = self.find("template", body["template_digest"])["template"]
            need("LIFECYCLE", "approved under another name", approved == body["template"])
        states = [self.find("key", k["key"])["state"] for k in body.get("keys", [])]
        need("LIFECYCLE", "key not active", all(state == "active" for state in states))
        old, others = self.cards.get(number), [c for n, c in self.cards.items() if n != number]
        again = "resumes" in body and chip and (not old or old["status"] != "failed-blank")
        free = [self.centre.is_open(*n) for n in (number, ("terminal", terminal))]
        need("LIFECYCLE", "the number is closed since entries were lost", again or all(free))
        if "resumes" in body:
            again = old and old["intent"] == body["resumes"] and old["terminal"] == terminal
            same_chip = again and (old["status"] == "failed-blank" or old["chip"] == chip)
            need("LIFECYCLE", "cannot be taken up again", same_chip and old["status"] not in ("issued", "void"))
        else:
            used = old or (terminal and any(c["terminal"] == terminal for c in others))
            need("NUMBER-TWICE", "number or terminal number used already", not used)
        live = [c["chip"] for c in others if c["status"] in ("in-doubt", "issued", "failed-partial")]
        need("NUMBER-TWICE", "the chip carries another number", not chip or chip not in live)
        self.cards[number] = {"chip": chip, "terminal": terminal, "status": "in-doubt", "intent": seq, "done": False}

# ---- tree, checkpoint, whole file ----
def tree_root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree_root(leaves[:half]) + tree_root(leaves[half:])).digest()

def vkey_of(ledger):
    """Name, id and bytes of the log's key (c2sp.org/signed-note)."""
    name, data = "cardmint/" + ledger.site, b"\1" + base64.b64decode(ledger.log_key)
    return name, hashlib.sha256(name.encode() + b"\n" + data).digest()[:4], data

def check_note(raw, leaves, ledger):
    """A checkpoint (c2sp.org/tlog-checkpoint) over these leaves, signed by the log's key."""
    body, gap, lines = raw.decode().rpartition("\n\n")
    origin, size, root = (body + "\n").split("\n")[:3]
    name, key_id, data = vkey_of(ledger)
    blobs = [base64.b64decode(w[2], validate=True) for w in (x.split(" ") for x in lines.split("\n")[:-1])
             if len(w) == 3 and w[:2] == ["\u2014", name]]
    signed = [verifies(data[1:], (body + "\n").encode(), b[4:]) for b in blobs if b[:4] == key_id and len(b) == 68]
    need("CHECKPOINT", "not by the log's key", signed, *signed, origin == name, str(int(size)) == size, gap)
    need("CHECKPOINT", f"signed over {size} entries, {len(leaves)} are here", int(size) <= len(leaves))
    tree = base64.b64encode(tree_root(leaves[:int(size)])).decode()
    need("CHECKPOINT", "signed over other entries", tree == root)

def verify(export, note=None, vkey=None):
    """All findings as (check, seq or None, text)."""
    found, ledger, leaves, last, prev = [], Ledger(), [], "", bytes(32)

    def check(seq, rule, *args):
        try:
            rule(*args)
        except Finding as e:
            found.append((e.args[0], seq, e.args[1]))

    lines = export.split(b"\n")
    check(len(lines) - 1, need, "ENTRY-CANONICAL", "the last line is cut", lines.pop() == b"")
    for seq, line in enumerate(lines):
        entry = well_formed(line)
        check(seq, need, "ENTRY-CANONICAL", "not an entry in canonical form", entry)
        if entry:
            check(seq, need, "SEQ", f"says it is {entry['seq']}", entry["seq"] == seq)
            check(seq, need, "CHAIN", "does not follow from the entry before", entry["prev"] == prev.hex())
            check(seq, need, "TIME", "dated before the entry before", entry["at"] >= last)
            check(seq, need, "SITE", "of another site", ledger.site in (None, entry["site"]))
            last = entry["at"]
            if ledger.policy is not None or seq == 0 or entry["act"] == "site.init":
                check(seq, ledger.admit, entry)
        prev = hashlib.sha256(b"\0" + line).digest()
        leaves.append(prev)
    check(None, need, "SEQ", "there is no entry", leaves)
    check(len(lines) - 1, need, "CEREMONY", "the end of a ceremony is missing", not ledger.open or not ledger.open["acted"])
    if note is not None and ledger.site:
        try:
            check(None, check_note, note, leaves, ledger)
        except (ValueError, IndexError) as e:
            found.append(("LEDGER-CHECKPOINT", None, "not a checkpoint: " + str(e)))
    if vkey is not None and ledger.site:
        name, key_id, data = vkey_of(ledger)
        named = f"{name}+{key_id.hex()}+{base64.b64encode(data).decode()}"
        check(None, need, "LOG-KEY", "the ledger names another key", vkey.strip() == named)
    return found

if __name__ == "__main__":
    files = [open(path, "rb").read() for path in sys.argv[1:3]]
    findings = verify(files[0], files[1] if len(files) > 1 else None, sys.argv[3] if len(sys.argv) > 3 else None)
    for check, seq, what in findings:
        print(check, "-" if seq is None else seq, what)
    print("bad" if findings else "good")
    sys.exit(3 if findings else 0)
