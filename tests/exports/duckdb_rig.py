# SPDX-License-Identifier: Apache-2.0
"""Reads a Parquet file with DuckDB: the columns with their types, then every row, as JSON."""

import json
import sys
from datetime import datetime, timezone

import duckdb

db = duckdb.connect()
file = sys.argv[1].replace("'", "''")
columns = db.execute(f"DESCRIBE SELECT * FROM read_parquet('{file}')").fetchall()
# Times as milliseconds: for moments in a zone DuckDB wants another package.
times = [name for name, kind, *_ in columns if kind == "TIMESTAMP WITH TIME ZONE"]
cells = ", ".join(f'epoch_ms("{name}")' if name in times else f'"{name}"' for name, *_ in columns)
rows = db.execute(f"SELECT {cells} FROM read_parquet('{file}')").fetchall()


def plain(value, name):
    if name not in times or value is None:
        return value
    return datetime.fromtimestamp(value / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


print(json.dumps({
    "columns": [[name, kind] for name, kind, *_ in columns],
    "rows": [[plain(value, name) for value, (name, *_) in zip(row, columns)] for row in rows],
    "groups": db.execute(f"SELECT count(DISTINCT row_group_id) FROM parquet_metadata('{file}')").fetchone()[0],
    "facts": {k.decode(): v.decode() for _, k, v in db.execute(f"SELECT * FROM parquet_kv_metadata('{file}')").fetchall()},
}))
