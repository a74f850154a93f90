-- The whole database as version 1 of the format has it. Nothing here changes any more.
PRAGMA application_id = 0x434D4C47; -- "CMLG"
PRAGMA user_version = 1;

CREATE TABLE entries (
    seq    INTEGER PRIMARY KEY CHECK (seq >= 0),
    line   TEXT NOT NULL,
    at     TEXT GENERATED ALWAYS AS (json_extract(line, '$.at')) VIRTUAL,
    act    TEXT GENERATED ALWAYS AS (json_extract(line, '$.act')) VIRTUAL,
    number TEXT GENERATED ALWAYS AS (json_extract(line, '$.body.number')) VIRTUAL
) STRICT;
CREATE INDEX entries_act ON entries (act);
CREATE INDEX entries_number ON entries (number) WHERE number IS NOT NULL;

CREATE TABLE nodes (
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 63),
    idx   INTEGER NOT NULL CHECK (idx >= 0),
    hash  BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

-- The newest checkpoint. It may be replaced by one of a larger tree, never taken back.
CREATE TABLE checkpoint (
    one  INTEGER PRIMARY KEY CHECK (one = 0),
    size INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;

-- Attempts at an earlier time than the last entry's, until the next entry records them.
CREATE TABLE refused_clock (
    one      INTEGER PRIMARY KEY CHECK (one = 0),
    earliest TEXT NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;

CREATE TRIGGER entries_no_gap BEFORE INSERT ON entries
WHEN new.seq <> (SELECT coalesce(max(seq) + 1, 0) FROM entries)
BEGIN SELECT raise(ABORT, 'entries follow one another'); END;
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
BEGIN SELECT raise(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
BEGIN SELECT raise(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER nodes_no_update BEFORE UPDATE ON nodes
BEGIN SELECT raise(ABORT, 'nodes are never changed'); END;
CREATE TRIGGER nodes_no_delete BEFORE DELETE ON nodes
BEGIN SELECT raise(ABORT, 'nodes are never deleted'); END;
CREATE TRIGGER checkpoint_no_return BEFORE UPDATE ON checkpoint WHEN new.size < old.size
BEGIN SELECT raise(ABORT, 'checkpoints never go back'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
BEGIN SELECT raise(ABORT, 'the checkpoint is never deleted'); END;
-- What the entries add up to. Every row can be made again from the entries (`ledger rebuild`), and `ledger verify` does so.
CREATE TABLE officers (
    name     TEXT PRIMARY KEY,
    key      TEXT NOT NULL UNIQUE,
    roles    TEXT NOT NULL,
    enrolled INTEGER NOT NULL REFERENCES entries (seq),
    revoked  INTEGER REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies (
    seq    INTEGER PRIMARY KEY REFERENCES entries (seq),
    policy TEXT NOT NULL
) STRICT;

CREATE TABLE keys (
    key     TEXT PRIMARY KEY,
    usage   TEXT NOT NULL,
    owner   TEXT NOT NULL,
    version INTEGER NOT NULL,
    alg     TEXT NOT NULL,
    kcv     TEXT NOT NULL,
    state   TEXT NOT NULL,
    origin  TEXT NOT NULL,
    arrived INTEGER NOT NULL REFERENCES entries (seq),
    changed INTEGER NOT NULL REFERENCES entries (seq),
    ceremony INTEGER REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE templates (
    digest   TEXT PRIMARY KEY,
    template TEXT NOT NULL,
    approved INTEGER NOT NULL REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;

-- status: in-doubt, issued, failed-blank, failed-partial, void
CREATE TABLE cards (
    kind     TEXT NOT NULL,
    number   TEXT NOT NULL,
    chip     TEXT,
    terminal TEXT UNIQUE,
    template TEXT NOT NULL,
    script   TEXT NOT NULL,
    batch    TEXT,
    status   TEXT NOT NULL,
    intent   INTEGER NOT NULL REFERENCES entries (seq),
    outcome  INTEGER REFERENCES entries (seq),
    voided   INTEGER REFERENCES entries (seq),
    PRIMARY KEY (kind, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX cards_chip ON cards (chip) WHERE status IN ('in-doubt', 'issued', 'failed-partial');
CREATE INDEX cards_status ON cards (status);

-- Intents of purse transactions that neither a transaction nor purse.closed has ended
CREATE TABLE purse_intents (
    number TEXT PRIMARY KEY,
    intent INTEGER NOT NULL REFERENCES entries (seq),
    said   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- status: open, completed, abandoned, resumed; ended: the entry that ended it, or the beginning that took it up again
CREATE TABLE ceremonies (
    begun  INTEGER PRIMARY KEY REFERENCES entries (seq),
    plan   TEXT NOT NULL,
    title  TEXT NOT NULL,
    nonce  TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    ended  INTEGER REFERENCES entries (seq)
) STRICT;
CREATE UNIQUE INDEX ceremonies_open ON ceremonies (status) WHERE status = 'open';

-- Sealed copies of the key store; restored: the entry that took the store from it last
CREATE TABLE backups (
    digest     TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    threshold  INTEGER NOT NULL,
    keys       INTEGER NOT NULL,
    made       INTEGER NOT NULL REFERENCES entries (seq),
    restored   INTEGER REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
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
