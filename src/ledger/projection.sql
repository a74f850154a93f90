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

-- Transactions on record: a card counts its transactions of a type, so none is there twice
CREATE TABLE purse_done (
    number  TEXT NOT NULL,
    type    TEXT NOT NULL,
    counter INTEGER NOT NULL,
    PRIMARY KEY (number, type, counter)
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

-- Declared losses: numbers that no card bears yet are closed since the last, but for ranges reserved later
CREATE TABLE losses (
    seq  INTEGER PRIMARY KEY REFERENCES entries (seq),
    size INTEGER,
    root TEXT
) STRICT;

-- Periods whose lines are in a file: from start, up to and without stop
CREATE TABLE archives (
    start  INTEGER PRIMARY KEY,
    stop   INTEGER NOT NULL CHECK (stop > start),
    file   TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    made   INTEGER NOT NULL REFERENCES entries (seq)
) STRICT;
