//! `purser completions`, `purser man`, and the reference page that is written from them.

use std::path::Path;

use super::harness::Purser;

#[test]
fn every_shell_has_completions() {
    let purser = Purser::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = purser.run(["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{shell}");
        assert!(
            ran.stdout.contains("purser") && ran.stdout.contains("upsert"),
            "{shell}"
        );
    }
    insta::assert_snapshot!(purser.run(["completions", "tcsh"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value 'tcsh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]

      tip: a similar value exists: 'zsh'

    For more information, try '--help'.
    ---
    ");
}

#[test]
fn every_command_has_a_manual_page() {
    let purser = Purser::new();
    insta::assert_snapshot!(purser.run(["man", "pages/man1"]), @"
    exit code 0
    --- stdout
    --- stderr
    wrote the manual pages to pages/man1
    ---
    ");
    let pages = std::fs::read_dir(purser.path("pages/man1")).unwrap();
    let mut pages: Vec<String> = pages
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    insta::assert_snapshot!(pages.join("\n"), @"
    purser-clients-create.1
    purser-clients-delete.1
    purser-clients-list.1
    purser-clients.1
    purser-completions.1
    purser-connections-create.1
    purser-connections-delete.1
    purser-connections-disable.1
    purser-connections-enable.1
    purser-connections-list.1
    purser-connections-show.1
    purser-connections.1
    purser-export.1
    purser-import.1
    purser-indexes-build.1
    purser-indexes-create.1
    purser-indexes-drop.1
    purser-indexes-list.1
    purser-indexes.1
    purser-jobs-errors.1
    purser-jobs-list.1
    purser-jobs-resume.1
    purser-jobs-show.1
    purser-jobs.1
    purser-man.1
    purser-serve.1
    purser-users-block.1
    purser-users-count.1
    purser-users-delete.1
    purser-users-get.1
    purser-users-list.1
    purser-users-search.1
    purser-users-unblock.1
    purser-users-update.1
    purser-users.1
    purser-validate.1
    purser.1
    ");
    let import = purser.read("pages/man1/purser-import.1");
    assert!(
        import.contains("PURSER_STORE") && import.contains(".SH NOTES\nFormats:"),
        "{import}"
    );
}

#[test]
fn manual_pages_need_a_folder() {
    let purser = Purser::new();
    insta::assert_snapshot!(purser.run(["man"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <DIR>

    Usage: purser man <DIR>

    For more information, try '--help'.
    ---
    ");
    purser.write("file", "");
    insta::assert_snapshot!(purser.run(["man", "file/man1"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: could not write to file/man1
      caused by: Not a directory (os error 20)
    ---
    ");
}

/// `UPDATE_DOCS=1 cargo test` writes the page anew.
#[test]
fn the_reference_page_is_what_the_program_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/cli.md");
    let said = Purser::new().run(["man", "--markdown"]).raw;
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(page.parent().unwrap()).unwrap();
        std::fs::write(&page, &said).unwrap();
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == said,
        "docs/reference/cli.md is out of date: run `UPDATE_DOCS=1 cargo test`"
    );
}
