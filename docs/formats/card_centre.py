# SPDX-License-Identifier: Apache-2.0
"""The card centre's part of verify_ledger.py: numbers, orders, batches, blanks, cards in use, the blacklist.

Written from ledger-centre.md alone. A `Centre` follows a `Ledger`; `admit` takes an entry that the ledger has taken, or
raises a Finding by `need`.
"""
import hashlib
import json
from datetime import datetime

SHAPES = {
    "span": "from:N to:N range:T?", "sum": "lot:T drawn:U issued:U scrapped:U",
    "range.reserve": "range:T kind:numbers template:T? from:N to:N purpose:T",
    "order.import": "order:T kind:card template:T template_digest:H rows:U digest:H holders:H? numbers:[span] terminals:span*",
    "order.withdraw": "order:T reason:T", "secret.draw": "secret:inner version:U kcv:X reason:T?",
    "holder.show": "order:T number:N reason:T", "holders.erase": "order:T number:N? reason:T",
    "batch.new": "batch:T order:T order_digest:H rows:U template:T template_digest:H keys:[seen] digest:H",
    "batch.approve": "batch:T digest:H", "batch.run": "batch:T digest:H readers:[T]",
    "batch.pause": "batch:T reason:T?", "batch.resume": "batch:T reason:T?",
    "batch.export": "batch:T form:T rows:U digest:H to:T?", "batch.close": "batch:T issued:U failed:U void:U left:U lots:sum*",
    "stock.receive": "lot:T type:T supplier:T count:U serials:N* document:T?",
    "stock.hand-out": "lot:T to:T count:U serials:N*", "stock.take-back": "lot:T from:T count:U serials:N*",
    "stock.return": "lot:T count:U serials:N* reason:T?", "stock.count": "lot:T of:T? expected:U counted:U",
    "stock.scrap": "lot:T from:T? count:U serials:N* batch:T? reason:T",
    "card.extend": "kind:card number:N until:N", "card.return": "kind:card number:N balance:U deposit:U? reason:T?",
    "card.done": "kind:card number:N intent:I result:settled-desk reason:T? status_word:X?",
    "blacklist.add": "kind:card from:N to:N until:N? reason:T", "blacklist.remove": "kind:card from:N to:N reason:T",
    "blacklist.publish": "sequence:U form:list base:U? date:N count:U digest:H", "blacklist.confirm": "sequence:U by:T",
}
for act in "card.replace", "card.exchange":
    SHAPES[act] = "kind:card number:N new:N source:source balance:U? reason:T?"
for act in "card.lost", "card.found", "card.cancel", "card.block", "card.unblock", "pin.unblock", "pin.reload":
    SHAPES[act] = "kind:card number:N reason:T?"
PATTERNS = {"numbers": "user|psam|terminal", "settled-desk": "done|not-done|unknown", "list": "full|delta", "money": "transfer|emptying",
            "source": "chip|clearing|none", "inner": "holders|pins"}
COLUMNS = ("in stock", "handed out", "in process", "issued", "scrapped", "returned")
# An act on a card in use: the states that it needs and the one that it leaves.
LIFE = {"card.lost": (["in-use"], "lost"), "card.found": (["lost"], "in-use"), "card.replace": (["lost"], "replaced"),
        "card.exchange": (["in-use"], "exchanged"), "card.return": (["in-use"], "returned"),
        "card.cancel": (["in-use", "lost"], "cancelled")}
DESK = ("card.extend", "card.block", "card.unblock", "pin.unblock", "pin.reload")


def place(number):
    return len(number), number


class Centre:
    def __init__(self, ledger, need):
        self.ledger, self.need = ledger, need
        self.ranges, self.spans, self.orders, self.batches, self.batch_of = {}, [], {}, {}, {}
        self.lots, self.held, self.serials, self.blanks = {}, {}, {}, {}
        self.life, self.desk, self.money, self.black, self.lists = {}, {}, {}, set(), 0
        self.withdrawn, self.erased, self.secrets = set(), set(), {}

    def admit(self, e, names):
        act, body = e["act"], e["body"]
        self.seq, (noun, verb) = e["seq"], act.split(".")
        if noun in ("card", "psam") and verb in ("intent", "outcome", "void"):
            kind = body.get("kind", "psam" if noun == "psam" else "user")
            getattr(self, verb)((kind, body["number"]), body, names)
        elif act in LIFE:
            self.lives(act, (body["kind"], body["number"]), body)
        elif act in DESK or act == "card.done":
            self.writes(act, (body["kind"], body["number"]), body, e["seq"])
        elif noun == "purse":
            self.purse(verb, ("user", body["number"]), body, e["seq"])
        elif noun in ("range", "order", "secret", "holder", "holders", "batch", "blacklist"):
            getattr(self, noun)(verb, body, names)
        elif noun == "stock":
            self.stock(verb, body)

    # ---- numbers ----
    def span(self, s):
        a, b = s["from"], s["to"]
        row = a.isdecimal() and b.isdecimal() and len(a) == len(b) and a <= b
        self.need("LIFECYCLE", f"{a} to {b} is no row of numbers", a == b or row)
        return place(a), place(b), 1 if a == b else int(b) - int(a) + 1

    def day(self, text):
        try:
            good = len(text) == 8 and datetime.strptime(text, "%Y%m%d").strftime("%Y%m%d") == text and text[0] != "0"
        except ValueError:
            good = False
        self.need("LIFECYCLE", text + " is no day", good)

    def range(self, verb, body, names):
        start, stop, _ = self.span(body)
        self.need("NUMBER-TWICE", "range exists", body["range"] not in self.ranges)
        apart = [r["kind"] != body["kind"] or r["stop"] < start or stop < r["start"] for r in self.ranges.values()]
        self.need("NUMBER-TWICE", "ranges overlap", *apart)
        self.ranges[body["range"]] = dict(body, start=start, stop=stop, seq=self.seq)

    def is_open(self, kind, number):
        """After a loss only numbers of ranges that were reserved since may be used."""
        since = [r for r in self.ranges.values() if r["kind"] == kind and self.ledger.loss is not None and r["seq"] > self.ledger.loss]
        return self.ledger.loss is None or not number or any(r["start"] <= place(number) <= r["stop"] for r in since)

    def order(self, verb, body, names):
        if verb == "withdraw":
            self.need("LIFECYCLE", "unknown order", body["order"] in self.orders)
            self.need("BATCH", "a batch was made of it", *(b["order"] != body["order"] for b in self.batches.values()))
            self.spans = [s for s in self.spans if s[3] != body["order"]]
            return self.withdrawn.add(self.orders.pop(body["order"])["order"])
        self.need("NUMBER-TWICE", "order exists", body["order"] not in self.orders, body["order"] not in self.withdrawn)
        self.orders[body["order"]] = body
        for kind, spans in ((body["kind"], body["numbers"]), ("terminal", body.get("terminals"))):
            sizes = [self.use_up(kind, body, s) for s in spans or []]
            self.need("LIFECYCLE", "as many numbers as rows", spans is None or sum(sizes) == body["rows"] > 0)

    def use_up(self, kind, body, s):
        start, stop, size = self.span(s)
        touched = {n: r for n, r in self.ranges.items() if r["kind"] == kind and r["start"] <= stop and r["stop"] >= start}
        fits = [r["start"] <= start and stop <= r["stop"] and r.get("template") in (None, body["template"])
                for r in touched.values()]
        self.need("LIFECYCLE", "numbers do not fit their range", list(touched) == ([s["range"]] if "range" in s else []), *fits)
        apart = [k != kind or b < start or stop < a for k, a, b, _ in self.spans]
        borne = [c["terminal"] if kind == "terminal" else number for (k, number), c in self.ledger.cards.items()
                 if kind in (k, "terminal")]
        self.need("LIFECYCLE", "the numbers are closed since entries were lost", self.is_open(kind, s["from"]))
        self.need("NUMBER-TWICE", "numbers are taken", *apart, *(not n or not start <= place(n) <= stop for n in borne))
        self.spans.append((kind, start, stop, body["order"]))
        return size

    def order_of(self, kind, number):
        found = [o for k, a, b, o in self.spans if k == kind and number and a <= place(number) <= b]
        return found[0] if found else None

    def secret(self, verb, body, names):
        self.need("LIFECYCLE", "drawn out of turn", body["version"] == self.secrets.get(body["secret"], 0) + 1)
        self.secrets[body["secret"]] = body["version"]

    def holder(self, verb, body, names):
        self.need("LIFECYCLE", "unknown order", body["order"] in self.orders)
        order, name, number = self.orders[body["order"]], body["order"], body.get("number", "")
        mine = not number or self.order_of(order["kind"], number) == name
        self.need("LIFECYCLE", "no holder's data", "holders" in order, mine, not {(name, number), (name, "")} & self.erased)
        if verb == "erase":
            self.erased.add((name, number))

    holders = holder

    # ---- batches ----
    def batch(self, verb, body, names):
        name = body["batch"]
        if verb == "new":
            return self.lay_down(name, body, names)
        self.need("BATCH", "unknown batch " + name, name in self.batches)
        batch = self.batches[name]
        needs, leaves = {"approve": (["new"], "approved"), "run": (["approved", "running"], "running"),
                         "pause": (["running"], "paused"), "resume": (["paused"], "running"), "export": (None, None),
                         "close": (["new", "approved", "running", "paused"], "closed")}[verb]
        self.need("BATCH", f"{name} is {batch['state']}", needs is None or batch["state"] in needs)
        self.need("BATCH", "another digest", verb not in ("approve", "run") or body["digest"] == batch["digest"])
        apart = {"approve": "new", "run": "approve"}.get(verb)
        self.need("BATCH", "by an officer with another part in it", not apart or not batch["by"][apart] & set(names))
        if verb == "close":
            self.close(name, batch, body)
        if verb in batch["by"]:
            batch["by"][verb] |= set(names)
        batch["state"] = leaves or batch["state"]

    def lay_down(self, name, body, names):
        self.need("NUMBER-TWICE", "batch exists", name not in self.batches)
        self.need("LIFECYCLE", "unknown order", body["order"] in self.orders)
        order = self.orders[body["order"]]
        same = [order[f] == body[f] for f in ("rows", "template", "template_digest")] + [order["digest"] == body["order_digest"]]
        keys = [k["key"] for k in body["keys"]]
        self.need("BATCH", "not what the order is, or keys out of order", *same, keys == sorted(set(keys), key=str.encode))
        plain = json.dumps({k: v for k, v in body.items() if k != "digest"}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(b"cardmint-batch-v1\n" + plain.encode()).hexdigest()
        self.need("BATCH", "wrong digest, or the order has an open batch", digest == body["digest"],
                  *(b["order"] != body["order"] or b["state"] == "closed" for b in self.batches.values()))
        for used in body["keys"]:
            key = self.ledger.find("key", used["key"])
            n = min(len(key["kcv"]), len(used["kcv"]))
            self.need("LIFECYCLE", "key not active, or another one", key["state"] == "active", n >= 6, key["kcv"][:n] == used["kcv"][:n])
        self.batches[name] = dict(body, state="new", lots={}, by={"new": set(names), "approve": set(), "run": set()})

    def close(self, name, batch, body):
        status = [self.ledger.cards[card]["status"] for card, of in self.batch_of.items() if of == name]
        counts = [status.count(s) for s in ("issued", "failed-blank", "void")]
        self.need("BATCH", "cards in doubt", len(status) == sum(counts))
        begun = sum(of in self.batches and self.batches[of]["order"] == batch["order"] for of in self.batch_of.values())
        lots = [dict(zip(("drawn", "issued", "scrapped"), n), lot=lot) for lot, n in sorted(batch["lots"].items()) if n[0]]
        self.need("BATCH", "another account than the ledger's", counts + [batch["rows"] - begun] ==
                  [body[f] for f in ("issued", "failed", "void", "left")], lots == body.get("lots", []),
                  *(n["drawn"] == n["issued"] + n["scrapped"] for n in lots))

    def intent(self, card, body, names):
        batch, policy = self.batches.get(body.get("batch")), self.ledger.policy
        orders = self.order_of(card[0], card[1]), self.order_of("terminal", body.get("terminal"))
        if batch:
            self.need("BATCH", "the batch does not run, or by its approver", batch["state"] == "running",
                      not batch["by"]["approve"] & set(names))
            terminals = "terminals" in self.orders[batch["order"]]
            self.need("BATCH", "not a card of the batch", orders[0] == batch["order"], not terminals or orders[1] == batch["order"],
                      batch["template"] == body["template"], batch["template_digest"] == body["template_digest"],
                      *(k["key"] in [used["key"] for used in batch["keys"]] for k in body.get("keys", [])))
        else:
            self.need("BATCH", "a card of an order, or of none, outside a batch", orders == (None, None),
                      not policy.get("approved_batches"))
        self.batch_of[card] = body.get("batch")
        blank = self.blanks.get(card)
        if blank:
            self.need("STOCK", "a blank of another lot", blank["lot"] == body.get("lot"))
        elif "lot" in body:
            lot, serial = body["lot"], body.get("chip")
            self.need("STOCK", "unknown lot " + lot, lot in self.lots)
            serials = [serial] if self.lots[lot]["serials"] else []
            self.move(lot, 1, serials, ("handed out", names[0]), ("in process", None))
            self.blanks[card] = {"lot": lot, "serials": serials, "batch": body.get("batch")}
            self.tally(self.blanks[card], 1, 0, 0)
        else:
            self.need("STOCK", "no lot", not policy.get("lots"))

    def outcome(self, card, body, names):
        if card in self.blanks and body["result"] in ("issued", "failed-blank"):
            issued = body["result"] == "issued"
            blank = self.leave(card, ("issued", None) if issued else ("handed out", names[0]))
            self.tally(blank, 0 if issued else -1, int(issued), 0)

    def void(self, card, body, names):
        if card in self.blanks:
            self.tally(self.leave(card, ("scrapped", None)), 0, 0, 1)

    # ---- blanks ----
    def leave(self, card, to):
        blank = self.blanks.pop(card)
        self.move(blank["lot"], 1, blank["serials"], ("in process", None), to)
        return blank

    def tally(self, blank, *change):
        if blank["batch"] in self.batches:
            lots = self.batches[blank["batch"]]["lots"]
            lots[blank["lot"]] = tuple(map(sum, zip(lots.get(blank["lot"], (0, 0, 0)), change)))

    def move(self, lot, count, serials, source, to):
        self.need("STOCK", "unknown lot " + lot, lot in self.lots)
        row = self.lots[lot]
        self.need("STOCK", "a count and its serial numbers", count > 0, len(serials) == (count if row["serials"] else 0))
        for serial in serials:
            self.need("STOCK", f"{serial} is not there", self.serials.get(serial) == (lot, *source))
            self.serials[serial] = (lot, *to)
        hands = self.held.get((lot, source[1]), 0) if source[1] else count
        self.need("STOCK", "too few blanks " + source[0], row[source[0]] >= count, hands >= count)
        for (column, officer), change in ((source, -count), (to, count)):
            row[column] += change
            if officer:
                self.held[lot, officer] = self.held.get((lot, officer), 0) + change
        self.need("STOCK", "the lot does not add up", row["received"] == sum(row[column] for column in COLUMNS))

    def stock(self, verb, body):
        lot, serials, none = body["lot"], body.get("serials", []), ("in stock", None)
        if verb == "receive":
            row = self.lots.setdefault(lot, dict.fromkeys(COLUMNS + ("received",), 0) | {
                "what": (body["type"], body["supplier"]), "serials": bool(serials)})
            self.need("STOCK", "another lot", row["what"] == (body["type"], body["supplier"]), row["serials"] == bool(serials))
            new = len(set(serials)) == len(serials) and not any(s in self.serials for s in serials)
            self.need("STOCK", "serial numbers", new, body["count"] > 0, len(serials) in (0, body["count"]))
            self.serials.update((s, (lot, *none)) for s in serials)
            row["received"], row["in stock"] = row["received"] + body["count"], row["in stock"] + body["count"]
        elif verb == "count":
            there = self.held.get((lot, body["of"]), 0) if "of" in body else self.lots.get(lot, {}).get("in stock")
            self.need("STOCK", "not what the ledger has", lot in self.lots, there == body["expected"])
        else:
            hands = ("handed out", body.get("to", body.get("from")))
            source, to = {"hand-out": (none, hands), "take-back": (hands, none), "return": (none, ("returned", None)),
                          "scrap": (hands if "from" in body else none, ("scrapped", None))}[verb]
            self.move(lot, body["count"], serials, source, to)
            if "batch" in body:
                self.need("BATCH", "unknown batch", body["batch"] in self.batches)
                self.tally({"lot": lot, "batch": body["batch"]}, body["count"], 0, body["count"])

    # ---- cards in use, blacklist ----
    def alive(self, card, states):
        issued = self.ledger.cards.get(card, {"status": None})["status"] == "issued"
        state = self.life.get(card, {"state": "in-use"})["state"]
        self.need("LIFECYCLE", f"{card[1]} is not issued, or {state}", issued, state in states)
        return self.life.setdefault(card, {"state": "in-use", "until": "", "replaces": None, "owed": None, "emptied": None})

    def lives(self, act, card, body):
        states, after = LIFE[act]
        if "new" in body:
            self.need("LIFECYCLE", "a balance and its source", (body["source"] == "none") == ("balance" not in body))
        row = self.alive(card, states)
        if "new" in body:
            new = self.alive((body["kind"], body["new"]), ["in-use"])
            self.need("LIFECYCLE", "the new card stands for another one", new is not row, not new["replaces"])
            new["replaces"], new["owed"] = card[1], body.get("balance") or None
        paid = act in ("card.replace", "card.exchange", "card.return") and row["emptied"] is not None
        self.need("LIFECYCLE", "another amount than was taken off", not paid or body.get("balance") == row["emptied"])
        row["state"] = after

    def purse(self, verb, card, body, seq):
        if "intent" in body:
            what, amount = self.money.pop(body["intent"], (None, None))
            if what == "transfer" and body.get("result") != "not-done":
                self.life[card]["owed"] = None
            elif what == "emptying" and body.get("result") in (None, "done-unproved"):
                self.alive(card, [self.life.get(card, {"state": "in-use"})["state"]])["emptied"] = amount
            return
        row, desk = self.life.get(card, {"state": "in-use"}), body.get("desk")
        self.need("LIFECYCLE", "the card is " + row["state"], row["state"] == "in-use", row.get("emptied") is None)
        if desk == "transfer":
            self.need("LIFECYCLE", "not what it is owed", row.get("owed") == body["amount"], body["type"] in ("01", "02"))
        elif desk:
            self.alive(card, ["in-use"])
            self.need("LIFECYCLE", "not all that is on it", body["amount"] == body["balance"], body["type"] in ("05", "06"))
        if desk:
            self.money[seq] = desk, body["amount"]

    def writes(self, act, card, body, seq):
        if act == "card.done":
            at, begun = self.desk.pop(card, (None, None))
            self.need("LIFECYCLE", "no such open act", at == body["intent"])
            if body["result"] == "done" and "until" in begun:
                self.life[card]["until"] = begun["until"]
            return
        row = self.alive(card, ["in-use"])
        if "until" in body:
            self.day(body["until"])
        self.need("LIFECYCLE", "an act is open, or an earlier day", card not in self.desk, body.get("until", row["until"]) >= row["until"])
        self.desk[card] = (seq, body)

    def blacklist(self, verb, body, names):
        for day in (body[f] for f in ("until", "date") if f in body):
            self.day(day)
        if verb in ("add", "remove"):
            self.span(body)
            entry = (body["kind"], body["from"], body["to"])
            self.need("LIFECYCLE", "on the list already, or not on it", (entry in self.black) == (verb == "remove"))
            self.black ^= {entry}
        elif verb == "publish":
            based = 1 <= body["base"] <= self.lists if "base" in body else True
            self.need("LIFECYCLE", "out of sequence", body["sequence"] == self.lists + 1, based, ("base" in body) == (body["form"] == "delta"))
            self.lists += 1
        else:
            self.need("LIFECYCLE", "unknown list", 1 <= body["sequence"] <= self.lists)
