#!/usr/bin/env python3
"""Measures imports into PostgreSQL against what a practical engineer would do with psql alone, and prints the ratio.

    python3 benches/baseline_postgres.py [--users 1000000] [--rounds 3] [--folder DIR] [--shared-buffers 512MB]

Needs the release binary (`cargo build --release`) and PostgreSQL's own programs (Debian: postgresql). Both sides use the
same private cluster, in a temporary folder, behind a socket, with fsync and the settings that PostgreSQL comes with but
for the shared buffers. Before every part a checkpoint is made, so that nobody pays for the other.

    baseline   \\copy of the NDJSON into an unlogged table of jsonb, then INSERT … SELECT … ON CONFLICT into typed columns
               with two unique indexes: user_id, and connection with lower(email). No validation, no report
    purser     purser import --store postgres://…: full validation, hashes apart from profiles, a report, resumable
    upsert     the same file again: ON CONFLICT DO UPDATE, and purser import --upsert
"""
import argparse, os, pathlib, shutil, statistics, subprocess, tempfile

from compare import HERE, PURSER, generate, run

TABLES = """
CREATE UNLOGGED TABLE staging (doc jsonb NOT NULL);
CREATE TABLE users (
    user_id       text NOT NULL UNIQUE,
    email         text NOT NULL,
    connection    text NOT NULL,
    password_hash text,
    profile       jsonb NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX ON users (connection, lower(email));
"""
# No byte of a JSON text is a control character, so none of it is taken for a quote or a separator.
COPY = r"\copy staging (doc) FROM '{file}' WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')"
INSERT = """
INSERT INTO users (user_id, email, connection, password_hash, profile)
SELECT 'auth0|' || (doc->>'user_id'), doc->>'email', 'Username-Password-Authentication', doc->>'password_hash',
       doc - 'password_hash'
FROM staging ON CONFLICT
"""
NOTHING = " DO NOTHING"
UPDATE = """ (connection, lower(email)) DO UPDATE
SET profile = users.profile || (excluded.profile - 'user_id'), updated_at = now()"""


class Cluster:
    """A running PostgreSQL of its own; stopped and removed at the end."""

    def __init__(self, folder, shared_buffers):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        self.programs = found[-1] if found else pathlib.Path(shutil.which("initdb") or "initdb").parent
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="purser-bench-", dir=folder))
        self.folder.chmod(0o755)
        # PostgreSQL refuses to run as root.
        self.user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres")
        data = self.folder / "data"
        self.program("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C")
        settings = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c shared_buffers={shared_buffers}"
        self.program("pg_ctl", "-D", data, "-l", self.folder / "log", "-o", settings, "-w", "start")

    def program(self, name, *args):
        command = [*self.user, self.programs / name, *args]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def psql(self, database, *commands):
        """Returns the seconds that the commands took."""
        parts = [part for command in commands for part in ("-c", command)]
        return run(self.programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "postgres", "-d", database,
                   *parts)[0]

    def fresh(self, database):
        self.psql("postgres", f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database}")

    def url(self, database):
        return f"postgres://postgres@/{database}?host={self.folder}"

    def stop(self):
        self.program("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=pathlib.Path, default=HERE.parent / "target/bench", help="for the users")
    parser.add_argument("--data", type=pathlib.Path, help="for the cluster; the system's temporary folder if not given")
    parser.add_argument("--shared-buffers", default="512MB")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    file = generate(args.folder, args.users, "ndjson")
    seconds, memory = {}, {}

    def note(what, took, peak=0):
        seconds.setdefault(what, []).append(took)
        memory[what] = max(memory.get(what, 0), peak)
        print(f"{what:32} {took:7.2f} s {args.users / took:10,.0f} users/s", f"{peak:6.0f} MB" if peak else "", flush=True)

    cluster = Cluster(args.data, args.shared_buffers)
    try:
        for _ in range(args.rounds):
            cluster.fresh("baseline")
            cluster.psql("baseline", TABLES, "CHECKPOINT")
            note("psql", cluster.psql("baseline", COPY.format(file=file), INSERT + NOTHING))
            cluster.psql("baseline", "TRUNCATE staging", "CHECKPOINT")
            note("psql, upsert", cluster.psql("baseline", COPY.format(file=file), INSERT + UPDATE))
            cluster.psql("postgres", "DROP DATABASE baseline", "CHECKPOINT")
            cluster.fresh("purser")
            cluster.psql("purser", "CHECKPOINT")
            command = [PURSER, "-q", "--store", cluster.url("purser"), "import", file,
                       "--connection", "Username-Password-Authentication"]
            note("purser import", *run(*command))
            cluster.psql("purser", "CHECKPOINT")
            note("purser import --upsert", *run(*command, "--upsert"))
            cluster.psql("postgres", "DROP DATABASE purser", "CHECKPOINT")
    finally:
        cluster.stop()
    print(f"\nmedians of {args.rounds}, {args.users:,} users, shared_buffers {args.shared_buffers}")
    print("| what | s | users/s | peak MB |\n|---|---|---|---|")
    for what, times in seconds.items():
        median = statistics.median(times)
        print(f"| {what} | {median:.2f} | {args.users / median:,.0f} | {f'{memory[what]:.0f}' if memory[what] else '–'} |")
    for mine, other in [("purser import", "psql"), ("purser import --upsert", "psql, upsert")]:
        ratios = [theirs / ours for ours, theirs in zip(seconds[mine], seconds[other])]
        print(f"{mine} is {statistics.median(ratios):.2f} × as fast as {other} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
