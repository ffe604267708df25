"""Asks the questions of docs/large-questions.md: every block of SQL in it, in its order.

    python ask.py FOLDER                              on this machine, by DataFusion
    python ask.py FOLDER --cluster df://host:50050    on many, by Ballista; FOLDER is where all of them see the files
    python ask.py FOLDER --only 3                     one question

FOLDER is what `soko-server parquet` filled.
"""

import argparse
import json
import pathlib
import sys

PAGE = pathlib.Path(__file__).resolve().parent.parent / "large-questions.md"
TABLES = ["stalls", "products", "customers", "purchases", "lines", "payments", "taxes", "orders"]
BY_MONTH = ["purchases", "lines", "payments", "taxes", "orders"]
COUNTED_AS = {table: table for table in TABLES} | {"orders": "order_lines"}


def questions(page):
    """The SQL of each question, with its heading."""
    heading, block = "", None
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("### "):
            heading = line.removeprefix("### ")
        elif line == "```sql":
            block = []
        elif line == "```" and block is not None:
            yield heading, "\n".join(block)
            block = None
        elif block is not None:
            block.append(line)


def context(cluster):
    if cluster:
        from ballista import BallistaSessionContext

        return BallistaSessionContext(cluster)
    from datafusion import SessionContext

    return SessionContext()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--cluster")
    parser.add_argument("--only", type=int)
    given = parser.parse_args()
    folder = given.folder.resolve()
    engine = context(given.cluster)
    for table in TABLES:
        months = "partitioned by (month)" if table in BY_MONTH else ""
        engine.sql(f"create external table {table} stored as parquet {months} location '{folder}/{table}/'").collect()

    # What was written is what is read.
    about = json.loads((folder / "soko-analysis.json").read_text(encoding="utf-8"))
    for table in TABLES:
        count = engine.sql(f"select count(*) as n from {table}").to_pydict()["n"][0]
        if count != about[COUNTED_AS[table]]:
            sys.exit(f"{table}: {count} rows were read and {about[COUNTED_AS[table]]} written")

    for number, (heading, sql) in enumerate(questions(PAGE), 1):
        if given.only in (None, number):
            print(f"\n{heading}")
            answer = engine.sql(sql)
            answer.show()
            if not given.cluster and answer.count() == 0:
                sys.exit(f"nobody answered: {heading}")


main()
