-- Orders that were taken in, row by row, and what is known of their holders (docs/formats/holders.md).
CREATE TABLE orders (
    order_id        TEXT PRIMARY KEY,
    -- coming: the ledger has no entry yet; here
    state           TEXT NOT NULL CHECK (state IN ('coming', 'here')),
    kind            TEXT NOT NULL,
    template        TEXT NOT NULL,
    template_digest TEXT NOT NULL,
    rows            INTEGER NOT NULL,
    digest          TEXT NOT NULL,
    holders         TEXT,
    -- the local moment that stands for today and now in its rows
    moment          TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- line: canonical JSON of everything that is not personal; tag: made with the site's secret of that version
CREATE TABLE rows (
    order_id TEXT NOT NULL REFERENCES orders (order_id),
    row      INTEGER NOT NULL CHECK (row > 0),
    number   TEXT NOT NULL,
    line     TEXT NOT NULL,
    version  INTEGER NOT NULL,
    tag      BLOB NOT NULL,
    next_tag BLOB,
    PRIMARY KEY (order_id, row)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX rows_number ON rows (order_id, number);

-- A person: own key under the site's secret of that version, data under the own key. Gone once erased.
CREATE TABLE holders (
    order_id TEXT NOT NULL,
    row      INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    key      BLOB NOT NULL,
    next_key BLOB,
    sealed   BLOB NOT NULL,
    PRIMARY KEY (order_id, row),
    FOREIGN KEY (order_id, row) REFERENCES rows (order_id, row)
) STRICT, WITHOUT ROWID;

-- Up to which entry of the ledger erasures are carried out here, a drawing of the secret that is under way, and whether the
-- log before the file may still hold what was deleted
CREATE TABLE settled (
    one     INTEGER PRIMARY KEY CHECK (one = 0),
    entries INTEGER NOT NULL,
    drawing INTEGER,
    uncut   INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO settled (one, entries) VALUES (0, 0);
