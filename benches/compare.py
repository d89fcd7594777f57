#!/usr/bin/env python3
"""Measures Purser against its baselines, interleaved in one run, and prints medians and ratios.

    python3 benches/compare.py [--users 1000000] [--rounds 5] [--folder DIR] [--only import|export]

Needs the release binary (`cargo build --release`), and DuckDB for the exports (`pip install duckdb`).
Files are made once in the folder (about 2 GB at a million users) and used again.

    import   benches/baseline_import.py: Python's json and sqlite3, no validation, no report
             purser import, and the same file again with --upsert
    export   benches/peer_export_duckdb.py … all paths: attribute paths out of untyped JSON, as metadata asks for
             benches/peer_export_duckdb.py … all: the schema of every field given beforehand
             purser export, the same seven fields to CSV
"""
import argparse, os, pathlib, statistics, subprocess, sys, time

HERE = pathlib.Path(__file__).resolve().parent
PURSER = HERE.parent / "target/release/purser"
FIELDS = ["user_id", "email", "name", "user_metadata.country", "app_metadata.plan", "identities[0].connection", "created_at"]


def run(*command, env=None):
    """Returns the seconds a command took and its peak memory in MB."""
    started = time.time()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env={**os.environ, **(env or {})})
    output = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{output}")
    return time.time() - started, usage.ru_maxrss / 1024


def generate(folder, users, shape):
    path = folder / f"users-{users}.{shape}.ndjson"
    if not path.exists():
        with open(path, "wb") as file:
            subprocess.run([sys.executable, HERE / "gen_users.py", str(users), "--as", shape], stdout=file, check=True)
    return path


def fresh(folder, name):
    for path in folder.glob(name + "*"):
        if path.is_file():
            path.unlink()
    return folder / name


def imports(folder, users, rounds, note):
    file = generate(folder, users, "ndjson")
    for _ in range(rounds):
        base = fresh(folder, "baseline.db")
        note("baseline_import.py", *run(sys.executable, HERE / "baseline_import.py", file, base))
        fresh(folder, "baseline.db")
        store = fresh(folder, "purser.db")
        command = [PURSER, "-q", "--store", store, "import", file, "--connection", "Username-Password-Authentication"]
        note("purser import", *run(*command))
        note("purser import --upsert", *run(*command, "--upsert"))
    fresh(folder, "purser.db")


def exports(folder, users, rounds, note):
    file, store, out = generate(folder, users, "export"), fresh(folder, "export.db"), folder / "out.csv"
    run(PURSER, "-q", "--store", store, "import", file, "--restore")
    fields = [part for field in FIELDS for part in ("--field", field)]
    peer = [sys.executable, HERE / "peer_export_duckdb.py", file, out]
    for _ in range(rounds):
        note("DuckDB, paths", *run(*peer, "paths", "all"))
        note("DuckDB, schema given", *run(*peer, "all"))
        note("purser export (7 fields, CSV)", *run(PURSER, "-q", "--store", store, "export", *fields, "--format", "csv", "-o", out))
        note("purser export --gzip", *run(PURSER, "-q", "--store", store, "export", *fields, "--format", "csv", "--gzip", "-o", out))
    fresh(folder, "export.db")
    out.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path, default=HERE.parent / "target/bench")
    parser.add_argument("--only", choices=["import", "export"])
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    seconds, memory = {}, {}

    def note(what, took, peak):
        seconds.setdefault(what, []).append(took)
        memory[what] = max(memory.get(what, 0), peak)
        print(f"{what:32} {took:7.2f} s {args.users / took:10,.0f} users/s {peak:6.0f} MB", flush=True)

    if args.only != "export":
        imports(args.folder, args.users, args.rounds, note)
    if args.only != "import":
        exports(args.folder, args.users, args.rounds, note)
    print(f"\nmedians of {args.rounds}, {args.users:,} users")
    print("| what | s | users/s | peak MB |\n|---|---|---|---|")
    for what, times in seconds.items():
        median = statistics.median(times)
        print(f"| {what} | {median:.2f} | {args.users / median:,.0f} | {memory[what]:.0f} |")
    for mine, other in [("purser import", "baseline_import.py"), ("purser import --upsert", "purser import"),
                        ("purser export (7 fields, CSV)", "DuckDB, paths"),
                        ("purser export (7 fields, CSV)", "DuckDB, schema given"),
                        ("purser export --gzip", "purser export (7 fields, CSV)")]:
        if mine in seconds and other in seconds:
            ratio = statistics.median(seconds[other]) / statistics.median(seconds[mine])
            print(f"{mine} is {ratio:.2f} × as fast as {other}")


if __name__ == "__main__":
    main()
