-- The ledger's own tables: append-only. docs/formats/ledger.md explains each.
PRAGMA application_id = 0x434D4C47; -- "CMLG"
PRAGMA user_version = 2;

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
-- But for one thing: an entry that a recorded archive holds may leave its line there, and keep act, time and number. None of
-- which the site's state is made goes.
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries WHEN (
    new.seq = old.seq
    AND new.line = CASE WHEN json_extract(old.line, '$.body.number') IS NULL
        THEN json_object('act', json_extract(old.line, '$.act'), 'at', json_extract(old.line, '$.at'))
        ELSE json_object('act', json_extract(old.line, '$.act'), 'at', json_extract(old.line, '$.at'),
            'body', json_object('number', json_extract(old.line, '$.body.number'))) END
    AND json_extract(old.line, '$.act') IN (
        'card.intent', 'card.outcome', 'psam.intent', 'psam.outcome', 'card.void',
        'purse.intent', 'purse.load', 'purse.purchase',
        'stock.receive', 'stock.hand-out', 'stock.take-back', 'stock.return', 'stock.scrap', 'stock.count',
        'card.lost', 'card.found', 'card.extend', 'card.return', 'card.cancel',
        'card.block', 'card.unblock', 'pin.unblock', 'pin.reload', 'card.done',
        'batch.run', 'batch.pause', 'batch.resume', 'batch.export',
        'blacklist.add', 'blacklist.remove', 'blacklist.confirm',
        'holder.show', 'ledger.export', 'clock.refused')
    AND EXISTS (SELECT 1 FROM archives WHERE start <= old.seq AND old.seq < stop)
) IS NOT TRUE
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
