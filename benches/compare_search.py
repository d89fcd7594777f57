#!/usr/bin/env python3
"""Measures searches against what the databases do themselves, and prints both sides.

    python3 benches/compare_search.py [--users 1000000] [--rounds 5] [--folder DIR] [--store sqlite|postgres|both]

Needs `cargo build --release && cargo build --release -p purser-engine --example search_rate`, the sqlite3 shell, and
PostgreSQL's own programs (Debian: sqlite3, postgresql). Users are those of `gen_users.py --as export`, restored.

Common metadata paths are indexed by Purser itself, as `app_metadata.plan` is here; the last question is one that no index answers.

    sqlite3    a table with one text column of JSON, asked by the shell with ->>
    psql       a table with one jsonb column, asked by hand-written SQL, in parallel if PostgreSQL chooses so
    purser     the same questions as Lucene queries; before them all of `search_rate`
"""
import argparse, pathlib, re, statistics, subprocess, time

from baseline_postgres import Cluster
from compare import HERE, PURSER, generate

RATE = HERE.parent / "target/release/examples/search_rate"
# The question, for the shell, for psql, for Purser.
ASKED = [
    ("metadata = text", "profile->>'$.app_metadata.plan' = 'pro'", "profile->'app_metadata'->>'plan' = 'pro'",
     "app_metadata.plan:pro"),
    ("metadata like", "profile->>'$.app_metadata.plan' GLOB 'p*o'", "profile->'app_metadata'->>'plan' LIKE 'p%o'",
     "app_metadata.plan:p*o"),
    ("not indexed", "profile->>'$.app_metadata.no_such' = 'x'", "profile->'app_metadata'->>'no_such' = 'x'",
     "app_metadata.no_such:x"),
    ("metadata like, rare", "profile->>'$.user_metadata.name' GLOB '*zz*'", "profile->'user_metadata'->>'name' LIKE '%zz%'",
     "user_metadata.name:*zz*"),
]


def median(times):
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path, default=HERE.parent / "target/bench", help="for the users")
    parser.add_argument("--store", choices=["sqlite", "postgres", "both"], default="both")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    users = generate(args.folder, args.users, "export")
    if args.store != "postgres":
        sqlite(args, users)
    if args.store != "sqlite":
        postgres(args, users)


def purser(args, store, users):
    """Restores the users into an empty store; returns what asks a query."""
    subprocess.run([PURSER, "-q", "--store", store, "import", users, "--restore"], check=True)
    # The first run indexes the users.
    print(subprocess.run([RATE, store], check=True, capture_output=True, text=True).stdout)

    def ask(query):
        line = subprocess.run([RATE, store, query], check=True, capture_output=True, text=True).stdout.splitlines()[-1]
        count, unit, found = re.match(r"count +([\d.]+)(\S+) .*?(\d+) users", line).groups()
        return float(count) * {"s": 1, "ms": 1e-3, "µs": 1e-6}[unit], int(found)

    return ask


def show(what, times, other, found, counted):
    assert found == counted, f"{what}: {found} users, {counted} by the database"
    print(f"{what:<22} {median(other) * 1000:8.0f} ms  purser {median(times) * 1000:8.0f} ms  "
          f"{median(other) / median(times):5.1f} ×   {found} users", flush=True)


def sqlite(args, users):
    plain, store = args.folder / f"plain-{args.users}.db", args.folder / f"search-{args.users}.db"
    if not plain.exists():
        sql = f"CREATE TABLE t (profile TEXT);\n.mode ascii\n.separator \"\\037\" \"\\n\"\n.import {users} t\n"
        subprocess.run(["sqlite3", plain], input=sql, text=True, check=True)
    store.unlink(missing_ok=True)
    ask = purser(args, f"sqlite:{store}", users)
    print("against the sqlite3 shell")
    for what, shell, _, query in ASKED:
        times, other = [], []
        for _ in range(args.rounds):
            start = time.monotonic()
            sql = f"SELECT count(*) FROM t WHERE {shell}"
            counted = int(subprocess.run(["sqlite3", plain, sql], check=True, capture_output=True, text=True).stdout)
            other.append(time.monotonic() - start)
            seconds, found = ask(query)
            times.append(seconds)
        show(what, times, other, found, counted)


def postgres(args, users):
    cluster = Cluster(None, "512MB")
    try:
        cluster.psql("postgres", "CREATE DATABASE plain")
        cluster.psql("postgres", "CREATE DATABASE purser")
        cluster.psql("plain", "CREATE TABLE t (profile jsonb)")
        copy = rf"\copy t FROM '{users}' WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')"
        cluster.psql("plain", copy)
        cluster.psql("plain", "VACUUM ANALYZE t")
        ask = purser(args, f"postgres://postgres@/purser?host={cluster.folder}", users)
        cluster.psql("purser", "VACUUM ANALYZE")
        print("against psql")
        for what, _, by_hand, query in ASKED:
            times, other = [], []
            for _ in range(args.rounds):
                psql = [cluster.programs / "psql", "-qAt", "-h", cluster.folder, "-U", "postgres", "-d", "plain"]
                command = [*psql, "-c", f"SELECT count(*) FROM t WHERE {by_hand}"]
                start = time.monotonic()
                counted = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                other.append(time.monotonic() - start)
                seconds, found = ask(query)
                times.append(seconds)
            show(what, times, other, found, counted)
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
