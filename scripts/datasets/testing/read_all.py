"""Reads exported files with pandas, polars and DuckDB, and prints each one's rows as JSON."""

import json
import sys

import duckdb
import pandas
import polars

folder = sys.argv[1]
parquet = f"{folder}/parquet/**/*.parquet"


def rows_of_pandas(frame):
    return json.loads(frame.to_json(orient="records"))


found = {
    "pandas parquet": rows_of_pandas(pandas.read_parquet(f"{folder}/parquet")),
    "pandas csv": rows_of_pandas(pandas.read_csv(f"{folder}/csv/data.csv")),
    "pandas jsonl": rows_of_pandas(
        pandas.read_json(f"{folder}/jsonl/data.jsonl", lines=True, convert_dates=False)
    ),
    "polars parquet": polars.read_parquet(parquet).to_dicts(),
    "polars csv": polars.read_csv(f"{folder}/csv/data.csv").to_dicts(),
    "polars jsonl": polars.read_ndjson(f"{folder}/jsonl/data.jsonl").to_dicts(),
    "duckdb parquet": rows_of_pandas(duckdb.sql(f"from '{parquet}'").df()),
    "duckdb csv": rows_of_pandas(duckdb.sql(f"from '{folder}/csv/data.csv'").df()),
    "duckdb jsonl": rows_of_pandas(duckdb.sql(f"from '{folder}/jsonl/data.jsonl'").df()),
}
print(json.dumps(found))
