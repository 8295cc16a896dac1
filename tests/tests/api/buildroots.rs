//! Buildroots, as builders report them and as the hub's callers see them.

use koji_core::api::buildroots::*;
use koji_core::api::buildroots::{NewBuildRoot, SetBuildRootList, SetBuildRootState, UpdateBuildRootList};
use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::rpms::{GetRpm, ListRpms};
use koji_core::api::tags::CreateTag;
use koji_core::ids::{BuildId, RepoId, TaskId};
use koji_core::model::{BuildrootState, Rpm};
use koji_core::xmlrpc::{Struct, Value, from_value};
use koji_hub_lib::db::args;
use koji_tests::{TestHub, hubs};

/// A repo of a tag, an external repo, and an RPM of a build.
async fn surroundings(hub: &TestHub, tag: i32, build: BuildId) -> RepoId {
    let mut db = hub.db.db.begin().await.unwrap();
    let event: i32 = db.fetch_scalar("INSERT INTO events DEFAULT VALUES RETURNING id", args![]).await.unwrap();
    let repo = db
        .fetch_scalar(
            "INSERT INTO repo (tag_id, create_event, state) VALUES ($1, $2, 1) RETURNING id",
            args![tag, event],
        )
        .await
        .unwrap();
    db.execute("INSERT INTO external_repo (name) VALUES ('ext1')", args![]).await.unwrap();
    db.execute(
        "INSERT INTO rpminfo (build_id, draft, name, version, release, arch, external_repo_id, payloadhash, size, buildtime)
         VALUES ($1, FALSE, 'alpha', '1', '1', 'noarch', 0, 'x', 1, 1)",
        args![build],
    )
    .await
    .unwrap();
    db.commit().await.unwrap();
    repo
}

fn rpm(name: &str, more: &[(&str, Value)]) -> Struct {
    let fields = [("name", Value::from(name)), ("version", "1".into()), ("release", "1".into()), ("epoch", Value::Nil)];
    let arch = ("arch", Value::from("noarch"));
    fields.into_iter().chain([arch]).chain(more.iter().cloned()).collect()
}

#[tokio::test]
async fn what_is_in_a_buildroot_is_stored_while_it_is_made_and_used() {
    for hub in hubs("what_is_in_a_buildroot").await {
        let (admin, builder, other) = (hub.admin().await, hub.builder("b1").await, hub.builder("b2").await);
        let tag = admin.call(CreateTag::new("f44-build")).await.unwrap();
        let build = admin.call(CreateEmptyBuild::new("alpha", "1", "1", None)).await.unwrap();
        let repo = surroundings(&hub, tag.0, build).await;
        let task = hub.open_task(&builder, &admin, "buildArch").await;
        let new = |repo| NewBuildRoot::new(repo, "x86_64").task_id(task);
        assert_eq!(builder.refused(new(RepoId(99))).await.1, "No such repo: 99");
        assert_eq!(builder.refused(new(repo).task_id(TaskId(99))).await.1, "No such task: 99");
        let id = builder.call(new(repo)).await.unwrap();
        let root = admin.call(GetBuildroot::new(id).strict(true)).await.unwrap().unwrap();
        assert_eq!((root.state, root.task_id, root.repo_id), (Some(BuildrootState::Init), Some(task), Some(repo)));
        assert_eq!((root.tag_name.as_deref(), root.arch.as_deref()), (Some("f44-build"), Some("x86_64")));
        assert!(root.create_ts.is_some() && root.retire_event_id.is_none());

        let external = [
            ("location", Value::from("ext1")),
            ("payloadhash", "c".repeat(32).into()),
            ("size", 1.into()),
            ("buildtime", 1_700_000_000.into()),
        ];
        let set = |rpms: Vec<Struct>| SetBuildRootList::new(id, rpms).task_id(task);
        let refused = builder.refused(set(vec![rpm("nosuch", &[])])).await.1;
        assert!(refused.starts_with("No such rpm: {'name': 'nosuch', "), "{refused}");
        let refused = builder.refused(set(vec![rpm("extbash", &external[..1])])).await.1;
        assert!(refused.starts_with("payloadhash field missing: "), "{refused}");
        builder.call(set(vec![rpm("extbash", &external), rpm("alpha", &[]), rpm("alpha", &[])])).await.unwrap();
        let listed = admin.call(GetBuildrootListing::new(id)).await.unwrap();
        let shown: Vec<_> =
            listed.iter().map(|r| (r.name.as_str(), r.external_repo_name.as_str(), r.is_update)).collect();
        assert_eq!(shown, [("alpha", "INTERNAL", false), ("extbash", "ext1", false)]);
        let known = admin.call(GetRpm::new("extbash-1-1.noarch@ext1")).await.unwrap();
        let known: Rpm = from_value(known).unwrap();
        assert_eq!((known.build_id, known.draft, known.external_repo_name.as_str()), (None, None, "ext1"));

        let state = |state: &str| SetBuildRootState::new(id, state);
        assert_eq!(builder.refused(state("INIT")).await.1, "Cannot change buildroot state to INIT");
        assert_eq!(other.refused(state("BUILDING")).await.1, format!("Host 2 not owner of buildroot {id}"));
        let update = || UpdateBuildRootList::new(id, vec![rpm("extbash", &external), rpm("later", &external)]);
        assert_eq!(builder.refused(update()).await.1, format!("buildroot {id} in wrong state 0"));
        builder.call(state("BUILDING")).await.unwrap();
        builder.call(update()).await.unwrap();
        let mut changed = external.clone();
        changed[1].1 = "d".repeat(32).into();
        let refused = builder.refused(UpdateBuildRootList::new(id, vec![rpm("later", &changed)])).await.1;
        assert!(refused.starts_with("hash changed for external rpm: later-1-1.noarch@ext1 ("), "{refused}");
        let listed = admin.call(GetBuildrootListing::new(id)).await.unwrap();
        assert_eq!(listed.iter().map(|r| r.is_update).collect::<Vec<_>>(), [false, false, true]);
        let components = admin.call(ListRpms::new().component_buildroot_id(id)).await.unwrap().into_list();
        assert_eq!(
            components.iter().map(|rpm| rpm.is_update).collect::<Vec<_>>(),
            [Some(false), Some(false), Some(true)]
        );

        builder.call(state("EXPIRED")).await.unwrap();
        builder.call(state("EXPIRED")).await.unwrap();
        assert_eq!(builder.refused(state("BUILDING")).await.1, format!("buildroot {id} is EXPIRED"));
        let root = admin.call(GetBuildroot::new(id)).await.unwrap().unwrap();
        assert!(root.retire_event_id.is_some());
        let list = async |asked: ListBuildroots| admin.call(asked).await.unwrap().into_list().len();
        assert_eq!(list(ListBuildroots::new().state(3)).await, 1);
        assert_eq!(list(ListBuildroots::new().state(vec![0, 1])).await, 0);
        assert_eq!(list(ListBuildroots::new().tag_id(tag).host_id("b1").task_id(task)).await, 1);
        assert_eq!(list(ListBuildroots::new().rpm_id(listed[0].rpm_id).repo_id(repo)).await, 1);
        assert_eq!(list(ListBuildroots::new().buildroot_id(vec![id])).await, 1);
        assert_eq!(admin.refused(GetBuildroot::new(99).strict(true)).await.1, "No such buildroot: 99");
    }
}
