//! Scratch builds for further arches that join a build.

use koji_core::api::builds::{GetBuildLogs, MergeScratch};
use koji_core::api::host_builds::{CompleteBuild, InitBuild, MoveBuildToScratch};
use koji_core::api::rpms::ListBuildRpms;
use koji_core::fault::FaultKind;
use koji_core::ids::{BuildId, TaskId};
use koji_core::xmlrpc::{Struct, Value, write_call};
use koji_hub_lib::db::args;
use koji_tests::{BuiltRpms, Caller, TestHub, build_arch_rpms, hubs};

struct Builds<'h> {
    hub: &'h TestHub,
    admin: Caller<'h>,
    builder: Caller<'h>,
}

impl<'h> Builds<'h> {
    async fn new(hub: &'h TestHub) -> Builds<'h> {
        let builds = Builds { hub, admin: hub.admin().await, builder: hub.builder("builder1").await };
        builds.sql("INSERT INTO events (id) VALUES ($1)", &[1000]).await;
        builds.sql("INSERT INTO tag (name) SELECT 'f44' WHERE $1 > 0", &[1]).await;
        let sql = "INSERT INTO repo (id, tag_id, create_event, state) SELECT $1, id, $2, 1 FROM tag";
        builds.sql(sql, &[1, 1000]).await;
        builds
    }

    async fn sql(&self, sql: &'static str, ids: &[i32]) {
        let mut db = self.hub.db.db.begin().await.unwrap();
        db.execute(sql, ids.iter().map(|id| koji_hub_lib::db::Arg::from(*id)).collect()).await.unwrap();
        db.commit().await.unwrap();
    }

    /// A task that builds from a source, and its subtask, with what it built and its buildroot.
    async fn tasks(&self, source: &str, scratch: bool, rpms: &BuiltRpms) -> (TaskId, Vec<String>) {
        let task = self.hub.open_task(&self.builder, &self.admin, "build").await;
        let arch_task = self.hub.open_task(&self.builder, &self.admin, "buildArch").await;
        let opts: Struct = [("scratch", scratch)].into_iter().collect();
        let request = write_call("build", &[source.into(), Value::Nil, opts.into()]).unwrap();
        let mut db = self.hub.db.db.begin().await.unwrap();
        db.execute("UPDATE task SET request = $2 WHERE id = $1", args![task, request]).await.unwrap();
        db.commit().await.unwrap();
        self.sql("UPDATE task SET parent = $2 WHERE id = $1", &[arch_task.0, task.0]).await;
        self.sql("INSERT INTO buildroot (id, br_type) VALUES ($1, 0)", &[arch_task.0]).await;
        let sql = "INSERT INTO standard_buildroot (buildroot_id, host_id, repo_id, task_id, create_event, state)
                   SELECT id, host_id, 1, id, 1000, 3 FROM task WHERE id = $1";
        self.sql(sql, &[arch_task.0]).await;
        let mut paths = Vec::new();
        for (name, bytes) in &rpms.0 {
            let path = format!("tasks/{arch_task}/{arch_task}/{name}");
            self.hub.hub.storage().put(&format!("work/{path}"), bytes.clone().into()).await.unwrap();
            paths.push(path);
        }
        let log = format!("tasks/{arch_task}/{arch_task}/build.log");
        self.hub.hub.storage().put(&format!("work/{log}"), "built".into()).await.unwrap();
        paths.push(log);
        (task, paths)
    }

    async fn close(&self, task: TaskId) {
        self.sql("UPDATE task SET state = 2 WHERE id = $1", &[task.0]).await;
    }

    async fn build(&self, source: &str, name: &str, rpms: &BuiltRpms) -> BuildId {
        let (task, mut paths) = self.tasks(source, false, rpms).await;
        let data: Struct = [
            ("task_id", Value::from(task.0)),
            ("name", name.into()),
            ("version", "1".into()),
            ("release", "1".into()),
            ("epoch", Value::Nil),
        ]
        .into_iter()
        .collect();
        let id = self.builder.call(InitBuild::new(data)).await.unwrap();
        paths.pop();
        let srpm = paths.remove(0);
        self.builder.call(CompleteBuild::new(task, id, srpm, paths)).await.unwrap();
        self.close(task).await;
        id
    }

    async fn scratch(&self, source: &str, rpms: &BuiltRpms) -> TaskId {
        let (task, mut paths) = self.tasks(source, true, rpms).await;
        let log = Value::Array(vec![paths.pop().unwrap().into()]);
        let logs: Struct = [("any", log)].into_iter().collect();
        let srpm = paths.remove(0);
        self.builder.call(MoveBuildToScratch::new(task, srpm, paths).logs(logs)).await.unwrap();
        self.close(task).await;
        task
    }

    async fn refused(&self, task: TaskId) -> String {
        let (kind, words) = self.admin.refused(MergeScratch::new(task)).await;
        assert_eq!(kind, FaultKind::Import, "{words}");
        words
    }
}

#[tokio::test]
async fn what_was_built_for_another_arch_joins_the_build_once() {
    let (intel, arm) = (build_arch_rpms("eta", "x86_64"), build_arch_rpms("eta", "aarch64"));
    for hub in hubs("what_was_built_for_another_arch").await {
        let builds = Builds::new(&hub).await;
        let alice = hub.user("alice", &[]).await;
        let scratch = builds.scratch("git://example.com/eta#1", &arm).await;
        assert_eq!(builds.refused(scratch).await, "no such build: eta-1-1");
        let id = builds.build("git://example.com/eta#1", "eta", &intel).await;
        let refused = alice.refused(MergeScratch::new(scratch)).await.1;
        assert_eq!(refused, "admin permission required (logged in as alice)");

        let other = builds.scratch("git://example.com/eta#2", &arm).await;
        let words = "SCM URLs for the task and build do not match: git://example.com/eta#2, git://example.com/eta#1";
        assert_eq!(builds.refused(other).await, words);
        // a file in the way stays, and so does the build
        let path = "packages/eta/1/1/aarch64/eta-1-1.aarch64.rpm";
        let storage = hub.hub.storage();
        storage.put("packages/eta/1/1/data/logs/aarch64/build.log", "old".into()).await.unwrap();
        let refused = builds.admin.refused(MergeScratch::new(scratch)).await.1;
        let words = "Error importing build log. /mnt/koji/packages/eta/1/1/data/logs/aarch64/build.log already exists.";
        assert_eq!(refused, words);
        assert_eq!(storage.metadata(path).await.unwrap(), None, "what was placed stays after the refusal");
        assert_eq!(storage.read("packages/eta/1/1/data/logs/aarch64/build.log", 0, 9).await.unwrap(), "old");
        assert_eq!(builds.admin.call(ListBuildRpms::new(id)).await.unwrap().len(), 2);
        storage.remove("packages/eta/1/1/data/logs/aarch64").await.unwrap();

        assert_eq!(builds.admin.call(MergeScratch::new(scratch)).await.unwrap(), id);
        let rpms = builds.admin.call(ListBuildRpms::new(id)).await.unwrap();
        let shown: Vec<_> = rpms.iter().map(|rpm| (rpm.arch.as_str(), rpm.buildroot_id.is_some())).collect();
        assert_eq!(shown, [("src", false), ("x86_64", false), ("aarch64", true)]);
        assert_eq!(&storage.read(path, 0, u64::MAX).await.unwrap()[..], &arm.0[1].1[..]);
        let logs = builds.admin.call(GetBuildLogs::new(id)).await.unwrap();
        assert_eq!(logs.iter().map(|log| log.dir.as_str()).collect::<Vec<_>>(), ["aarch64"]);
        let words = format!("task {scratch} and eta-1-1 produce rpms with the same arches: aarch64");
        assert_eq!(builds.refused(scratch).await, words);
        // the task's files lead to the build's
        assert_eq!(
            &storage.read(&format!("scratch/kojiadmin/task_{scratch}/eta-1-1.aarch64.rpm"), 0, 4).await.unwrap()[..],
            &arm.0[1].1[..4]
        );
    }
}

#[tokio::test]
async fn what_is_no_scratch_build_of_the_build_is_refused() {
    let (intel, arm) = (build_arch_rpms("eta", "x86_64"), build_arch_rpms("eta", "aarch64"));
    for hub in hubs("what_is_no_scratch_build").await {
        let builds = Builds::new(&hub).await;
        let id = builds.build("cli-build/1/eta-1-1.src.rpm", "eta", &intel).await;
        assert_eq!(builds.refused(TaskId(999)).await, "No such task: 999");
        let open = hub.open_task(&builds.builder, &builds.admin, "build").await;
        assert_eq!(builds.refused(open).await, format!("task {open} did not complete successfully"));
        let other = hub.open_task(&builds.builder, &builds.admin, "newRepo").await;
        builds.sql("UPDATE task SET state = 2, request = NULL WHERE id = $1", &[other.0]).await;
        builds.admin.refused(MergeScratch::new(other)).await;
        let (regular, _) = builds.tasks("cli-build/2/eta-1-1.src.rpm", false, &arm).await;
        builds.close(regular).await;
        assert_eq!(builds.refused(regular).await, format!("task {regular} is not a scratch build"));
        let nothing = builds.scratch("x", &BuiltRpms(arm.0[..1].to_vec())).await;
        assert_eq!(builds.refused(nothing).await, format!("nothing to do for task {nothing}"));

        let scratch = builds.scratch("cli-build/3/eta-1-1.src.rpm", &arm).await;
        builds.sql("UPDATE build SET state = 2 WHERE id = $1", &[id.0]).await;
        assert_eq!(builds.refused(scratch).await, "eta-1-1 did not complete successfully");
        builds.sql("UPDATE build SET state = 1 WHERE id = $1", &[id.0]).await;
        // from an upload, whose path is another each time
        assert_eq!(builds.admin.call(MergeScratch::new(scratch)).await.unwrap(), id);
    }
}
