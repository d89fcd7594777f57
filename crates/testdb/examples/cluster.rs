//! Starts a PostgreSQL for a script: prints the URL of an empty database and runs until standard input ends.

use purser_testdb::Cluster;

#[expect(clippy::print_stdout, reason = "the URL is what it is for")]
fn main() {
    println!("{}", Cluster::shared().database());
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
}
