//! Jobs that are queued, stopped, canceled and taken up again.

use std::io::Write;
use std::time::{Duration, Instant};

use purser_core::format::OutputFormat;
use purser_core::id::JobId;
use purser_core::job::{ExportOptions, ImportOptions, Job, JobStatus, Summary};
use purser_engine::export::ExportRequest;
use purser_engine::jobs::Workers;
use purser_engine::{EngineError, Input, Watch};

use crate::support::{Scene, open, rows};

pub(crate) fn wait(scene: &Scene, id: &JobId) -> Job {
    let started = Instant::now();
    loop {
        let job = scene.job(id);
        if job.status.is_final() {
            return job;
        }
        assert!(
            started.elapsed() < Duration::from_secs(120),
            "job {id} does not end"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn workers_run_what_is_queued() {
    let scene = Scene::new();
    let upload = scene.write("upload", rows(200).join("\n"));
    let workers = Workers::start(&scene.engine, 2);
    let import = scene
        .engine
        .queue_import(&scene.request(ImportOptions::default()), upload.clone())
        .unwrap();
    assert_eq!(import.status, JobStatus::Pending);
    workers.wake();
    let import = wait(&scene, &import.id);
    assert_eq!(
        import.summary,
        Summary {
            inserted: 192,
            failed: 8,
            updated: 0,
            total: 200
        }
    );
    let options = ExportOptions {
        format: OutputFormat::Csv,
        gzip: true,
        ..ExportOptions::default()
    };
    let export = scene
        .engine
        .queue_export(&ExportRequest {
            connection: None,
            options,
        })
        .unwrap();
    workers.wake();
    let export = wait(&scene, &export.id);
    assert_eq!(export.status, JobStatus::Completed);
    let artifact = export.file.unwrap();
    assert!(artifact.ends_with("acme.csv.gz"), "{artifact}");
    assert!(std::path::Path::new(&artifact).exists());
    workers.stop();
    assert!(
        !upload.exists(),
        "an upload is removed when its job has ended"
    );
}

/// Stops a server in the middle of an import, several times, and starts another: nothing is lost, nothing comes twice.
#[test]
fn a_stopped_import_goes_on_where_it_was() {
    // A machine that stalls at the wrong moment may let a small import end before it is stopped.
    let stopped = [30_000, 60_000, 120_000]
        .into_iter()
        .any(|count| stop_again_and_again(count) > 1);
    assert!(
        stopped,
        "the import was always over before it could be stopped"
    );
}

/// Returns how many servers it took.
fn stop_again_and_again(count: usize) -> u32 {
    let scene = Scene::new();
    let upload = scene.write("upload", rows(count).join("\n"));
    let job = scene
        .engine
        .queue_import(&scene.request(ImportOptions::default()), upload)
        .unwrap();
    let mut servers = 0;
    while !scene.job(&job.id).status.is_final() {
        let workers = Workers::start(&scene.engine, 1);
        let before = scene.job(&job.id).summary.total;
        let started = Instant::now();
        loop {
            let now = scene.job(&job.id);
            if now.summary.total > before || now.status.is_final() {
                break;
            }
            assert!(started.elapsed() < Duration::from_secs(120));
            std::thread::sleep(Duration::from_millis(1));
        }
        workers.stop();
        servers += 1;
    }
    let (total, failed) = (count as u64, count as u64 / 25);
    let summary = Summary {
        inserted: total - failed,
        failed,
        updated: 0,
        total,
    };
    assert_eq!(scene.job(&job.id).summary, summary);
    let failures = scene.failures(&job.id);
    assert_eq!(failures.len() as u64, failed);
    assert!(failures.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(
        scene.engine.store().count_users(None).unwrap(),
        total - failed
    );
    servers
}

/// Input that says nothing for a while keeps nobody from ending the job.
#[test]
fn an_import_that_waits_for_input_can_be_canceled() {
    let scene = Scene::new();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let watch = Watch::default();
    let request = scene.request(ImportOptions::default());
    let job = std::thread::scope(|scope| {
        let import = scope.spawn(|| scene.engine.import(&request, Input::stream(reader), &watch));
        writer.write_all(b"{\"email\":\"a@b.co\"}\n").unwrap();
        watch.cancel();
        import.join().unwrap().unwrap()
    });
    assert_eq!(job.status, JobStatus::Canceled);
    drop(writer);
}

/// What a killed server leaves behind: a job that is processing, its lease not over, its worker gone.
#[test]
fn a_killed_servers_job_goes_on_at_once() {
    let scene = Scene::new();
    let upload = scene.write("upload", rows(100).join("\n"));
    let job = scene
        .engine
        .queue_import(&scene.request(ImportOptions::default()), upload)
        .unwrap();
    let dead = scene
        .engine
        .store()
        .claim_job(purser_core::clock::Timestamp(0))
        .unwrap()
        .unwrap();
    assert_eq!(dead.job.id, job.id);
    let workers = Workers::start(&scene.engine, 1);
    let job = wait(&scene, &job.id);
    assert_eq!(job.summary.total, 100);
    workers.stop();
    let late = scene
        .engine
        .store()
        .heartbeat(&dead.lease, crate::support::NOW, None);
    assert!(late.is_err(), "the dead worker holds nothing any more");
}

#[test]
fn a_canceled_import_keeps_what_it_committed() {
    let scene = Scene::new();
    let path = scene.write("users", rows(100).join("\n"));
    let watch = Watch::default();
    watch.cancel();
    let request = scene.request(ImportOptions::default());
    let job = scene
        .engine
        .import(&request, Input::file(&path).unwrap(), &watch)
        .unwrap();
    assert_eq!(job.status, JobStatus::Canceled);
    assert_eq!(
        job.summary.inserted,
        scene.engine.store().count_users(None).unwrap()
    );
}

#[test]
fn an_interrupted_import_of_the_command_line_can_be_resumed() {
    let scene = Scene::new();
    let path = scene.write("users", rows(20_000).join("\n"));
    let watch = Watch::default();
    let request = scene.request(ImportOptions::default());
    let stopped = std::thread::scope(|scope| {
        let import = scope.spawn(|| {
            scene
                .engine
                .import(&request, Input::file(&path).unwrap(), &watch)
        });
        while watch.summary().total == 0 && !import.is_finished() {
            std::thread::yield_now();
        }
        watch.stop();
        import.join().unwrap()
    });
    let id = scene
        .engine
        .store()
        .list_jobs(&purser_store::JobFilter::default())
        .unwrap()[0]
        .id
        .clone();
    if stopped.is_ok() {
        // The import was quicker; then there is nothing to resume.
        assert!(
            scene
                .engine
                .resume_import(&id, &Watch::default())
                .unwrap()
                .is_none()
        );
        return;
    }
    assert!(matches!(stopped, Err(EngineError::Stopping)));
    // Another process goes on.
    let other = open(scene.folder.path());
    let job = other
        .resume_import(&id, &Watch::default())
        .unwrap()
        .unwrap();
    assert_eq!(
        job.summary,
        Summary {
            inserted: 19_200,
            failed: 800,
            updated: 0,
            total: 20_000
        }
    );
    assert!(
        other
            .resume_import(&id, &Watch::default())
            .unwrap()
            .is_none()
    );
}

#[test]
fn an_export_that_cannot_be_written_leaves_no_file() {
    let scene = Scene::new();
    scene.import(rows(10).join("\n"));
    let files = scene.engine.store().files_folder().to_owned();
    std::fs::create_dir_all(&files).unwrap();
    std::fs::write(files.join("artifacts"), "in the way").unwrap();
    let workers = Workers::start(&scene.engine, 1);
    let request = ExportRequest {
        connection: None,
        options: ExportOptions::default(),
    };
    let job = scene.engine.queue_export(&request).unwrap();
    workers.wake();
    let job = wait(&scene, &job.id);
    assert_eq!(job.status, JobStatus::Failed);
    assert!(
        job.failure.unwrap().reason.contains("could not write"),
        "a reason with the path"
    );
    workers.stop();
}
