-- What the entries of a card centre add up to: numbers, orders, batches, blanks, cards in use, the blacklist.
-- start and stop are numbers with their length in front ("16 3100000000000001"), so that they sort as numbers do.
CREATE TABLE ranges (
    range    TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,
    template TEXT,
    start    TEXT NOT NULL,
    stop     TEXT NOT NULL CHECK (start <= stop),
    purpose  TEXT NOT NULL,
    reserved INTEGER NOT NULL REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX ranges_start ON ranges (kind, start);
CREATE TRIGGER ranges_apart BEFORE INSERT ON ranges WHEN (
    SELECT stop >= new.start FROM ranges WHERE kind = new.kind AND start <= new.stop ORDER BY start DESC LIMIT 1)
BEGIN SELECT raise(ABORT, 'ranges overlap'); END;

-- Numbers that orders have used up
CREATE TABLE spans (
    kind     TEXT NOT NULL,
    start    TEXT NOT NULL,
    stop     TEXT NOT NULL CHECK (start <= stop),
    order_id TEXT NOT NULL,
    range    TEXT,
    PRIMARY KEY (kind, start)
) STRICT, WITHOUT ROWID;
CREATE INDEX spans_order ON spans (order_id);
CREATE TRIGGER spans_apart BEFORE INSERT ON spans WHEN (
    SELECT stop >= new.start FROM spans WHERE kind = new.kind AND start <= new.stop ORDER BY start DESC LIMIT 1)
BEGIN SELECT raise(ABORT, 'spans overlap'); END;

CREATE TABLE orders (
    order_id        TEXT PRIMARY KEY,
    kind            TEXT NOT NULL,
    template        TEXT NOT NULL,
    template_digest TEXT NOT NULL,
    rows            INTEGER NOT NULL,
    terminals       INTEGER NOT NULL,
    digest          TEXT NOT NULL,
    holders         TEXT,
    imported        INTEGER NOT NULL REFERENCES entries (seq),
    withdrawn       INTEGER REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;

-- Secrets inside the site: holders, pins
CREATE TABLE secrets (
    secret  TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    kcv     TEXT NOT NULL,
    drawn   INTEGER NOT NULL REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;

-- Holders' data that are gone; an empty number stands for the whole order
CREATE TABLE erasures (
    order_id TEXT NOT NULL,
    number   TEXT NOT NULL,
    erased   INTEGER NOT NULL REFERENCES entries (seq),
    PRIMARY KEY (order_id, number)
) STRICT, WITHOUT ROWID;

-- state: new, approved, running, paused, closed
CREATE TABLE batches (
    batch           TEXT PRIMARY KEY,
    order_id        TEXT NOT NULL,
    template        TEXT NOT NULL,
    template_digest TEXT NOT NULL,
    rows            INTEGER NOT NULL,
    digest          TEXT NOT NULL,
    state           TEXT NOT NULL,
    made            INTEGER NOT NULL REFERENCES entries (seq),
    approved        INTEGER REFERENCES entries (seq),
    closed          INTEGER REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX batches_open ON batches (order_id) WHERE state <> 'closed';
CREATE INDEX cards_batch ON cards (batch, status) WHERE batch IS NOT NULL;

CREATE TABLE batch_keys (
    batch TEXT NOT NULL,
    key   TEXT NOT NULL,
    kcv   TEXT NOT NULL,
    PRIMARY KEY (batch, key)
) STRICT, WITHOUT ROWID;

-- part: new, approve, run
CREATE TABLE batch_officers (
    batch   TEXT NOT NULL,
    part    TEXT NOT NULL,
    officer TEXT NOT NULL,
    PRIMARY KEY (batch, part, officer)
) STRICT, WITHOUT ROWID;

CREATE TABLE lots (
    lot        TEXT PRIMARY KEY,
    blank      TEXT NOT NULL,
    supplier   TEXT NOT NULL,
    serials    INTEGER NOT NULL,
    received   INTEGER NOT NULL,
    in_stock   INTEGER NOT NULL CHECK (in_stock >= 0),
    handed_out INTEGER NOT NULL CHECK (handed_out >= 0),
    in_process INTEGER NOT NULL CHECK (in_process >= 0),
    issued     INTEGER NOT NULL CHECK (issued >= 0),
    scrapped   INTEGER NOT NULL CHECK (scrapped >= 0),
    returned   INTEGER NOT NULL CHECK (returned >= 0),
    CHECK (received = in_stock + handed_out + in_process + issued + scrapped + returned)
) STRICT, WITHOUT ROWID;

-- Blanks in officers' hands
CREATE TABLE holdings (
    lot     TEXT NOT NULL,
    officer TEXT NOT NULL,
    count   INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (lot, officer)
) STRICT, WITHOUT ROWID;

-- place: in-stock, handed-out, in-process, issued, scrapped, returned
CREATE TABLE serials (
    serial TEXT PRIMARY KEY,
    lot    TEXT NOT NULL,
    place  TEXT NOT NULL,
    holder TEXT
) STRICT, WITHOUT ROWID;

-- The blank under a card's number. place: in-process, issued, scrapped
CREATE TABLE blanks (
    kind   TEXT NOT NULL,
    number TEXT NOT NULL,
    lot    TEXT NOT NULL,
    serial TEXT,
    batch  TEXT,
    place  TEXT NOT NULL,
    PRIMARY KEY (kind, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE batch_lots (
    batch    TEXT NOT NULL,
    lot      TEXT NOT NULL,
    drawn    INTEGER NOT NULL CHECK (drawn >= 0),
    issued   INTEGER NOT NULL CHECK (issued >= 0),
    scrapped INTEGER NOT NULL CHECK (scrapped >= 0),
    CHECK (drawn >= issued + scrapped),
    PRIMARY KEY (batch, lot)
) STRICT, WITHOUT ROWID;

-- Issued cards to which something happened. state: in-use, lost, replaced, exchanged, returned, cancelled.
-- owed: fen of the card that it stands for, not on it yet; emptied: fen that were taken off it at the desk
CREATE TABLE life (
    kind        TEXT NOT NULL,
    number      TEXT NOT NULL,
    state       TEXT NOT NULL,
    until       TEXT,
    blocked     INTEGER NOT NULL,
    replaces    TEXT,
    replaced_by TEXT,
    owed        INTEGER,
    emptied     INTEGER,
    changed     INTEGER NOT NULL REFERENCES entries (seq),
    PRIMARY KEY (kind, number)
) STRICT, WITHOUT ROWID;

-- Writing to issued cards that card.done has not ended
CREATE TABLE desk_acts (
    kind   TEXT NOT NULL,
    number TEXT NOT NULL,
    intent INTEGER NOT NULL REFERENCES entries (seq),
    act    TEXT NOT NULL,
    until  TEXT,
    PRIMARY KEY (kind, number)
) STRICT, WITHOUT ROWID;

-- Purse intents of the customer desk that have not ended. what: transfer, emptying
CREATE TABLE desk_purses (
    intent INTEGER PRIMARY KEY REFERENCES entries (seq),
    what   TEXT NOT NULL,
    amount INTEGER NOT NULL
) STRICT;

CREATE TABLE blacklist (
    added   INTEGER PRIMARY KEY REFERENCES entries (seq),
    kind    TEXT NOT NULL,
    start   TEXT NOT NULL,
    stop    TEXT NOT NULL CHECK (start <= stop),
    until   TEXT,
    reason  TEXT NOT NULL,
    removed INTEGER REFERENCES entries (seq)
) STRICT;
CREATE UNIQUE INDEX blacklist_active ON blacklist (kind, start, stop) WHERE removed IS NULL;
CREATE INDEX blacklist_removed ON blacklist (removed) WHERE removed IS NOT NULL;

CREATE TABLE lists (
    sequence  INTEGER PRIMARY KEY,
    form      TEXT NOT NULL,
    base      INTEGER,
    date      TEXT NOT NULL,
    count     INTEGER NOT NULL,
    digest    TEXT NOT NULL,
    published INTEGER NOT NULL REFERENCES entries (seq)
) STRICT;

CREATE TABLE list_confirmations (
    by_whom   TEXT PRIMARY KEY,
    sequence  INTEGER NOT NULL,
    confirmed INTEGER NOT NULL REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
