//! The tests of policies, answered from the data at hand and from the database.

use futures_util::future::BoxFuture;
use koji_core::api::{BuildRef, CgRef, PackageRef, Param, TagRef, UserRef};
use koji_core::glob;
use koji_core::ids::{BuildrootId, CgId, EventId, TagId, UserId, VolumeId};
use koji_core::model::{Build, User};
use koji_core::policy::{DATA_TESTS, Decision, Policy, Tests, test_data};
use koji_core::xmlrpc::{Struct, Value};

use super::task_data::source;
use crate::call::Call;
use crate::db::{args, list, sql};
use crate::error::fail;
use crate::{Error, Result, builds, names, tags, users};

/// The tests beside [`DATA_TESTS`], with the least number of arguments that each needs.
const TESTS: &[(&str, usize)] = &[
    ("is_new_package", 0),
    ("package", 0),
    ("version", 0),
    ("release", 0),
    ("volume", 0),
    ("cg_match_any", 0),
    ("cg_match_all", 0),
    ("tag", 0),
    ("fromtag", 0),
    ("hastag", 0),
    ("buildtag", 0),
    ("buildtag_inherits_from", 0),
    ("buildtype", 0),
    ("imported", 0),
    ("user", 0),
    ("user_in_group", 0),
    ("has_perm", 0),
    ("is_build_owner", 0),
    ("is_draft", 0),
    ("source", 0),
    ("policy", 1),
];

/// Refuses a test that there is not, or that has too few arguments.
pub(super) fn known(name: &str, args: &[String]) -> Result<(), String> {
    match DATA_TESTS.iter().chain(TESTS).find(|(known, _)| *known == name) {
        None => Err(format!("missing test handler: {name}")),
        Some((_, least)) if args.len() < *least => Err(format!("{name} needs {least} arguments or more")),
        // an operator and a number are right or wrong whatever the data
        Some(_) => test_data(name, args, &Struct::new()).unwrap_or(Ok(false)).map(|_| ()),
    }
}

/// What a policy says of the data.
pub(super) async fn decide(cx: &mut Call<'_>, policy: &Policy, data: &Struct) -> Result<Option<Decision>> {
    policy.decide(&mut Facts { cx, data, running: Vec::new() }).await
}

/// The user whom the data are about: `user_id`, else who is logged in.
pub(crate) async fn user(cx: &mut Call<'_>, data: &Struct) -> Result<Option<User>> {
    let user = match field::<UserRef>(data, "user_id")? {
        Some(user) => user,
        None if data.get("user_id").is_some() => return Ok(None),
        None => match cx.session().filter(|s| s.usable) {
            Some(session) => session.user_id.into(),
            None => return Ok(None),
        },
    };
    users::find(cx.db().await?, &user).await
}

/// A field of the data; none if it is not there or nil.
fn field<T: Param>(data: &Struct, name: &str) -> Result<Option<T>> {
    match data.get(name) {
        None | Some(Value::Nil) => Ok(None),
        Some(value) => match T::from_value(value.clone()) {
            Ok(value) => Ok(Some(value)),
            Err(e) => fail!("policy data: {name}: {e}"),
        },
    }
}

fn any(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| glob::matches(pattern, text))
}

struct Facts<'c, 'h> {
    cx: &'c mut Call<'h>,
    data: &'c Struct,
    /// The policies that are being asked, each by the one before it.
    running: Vec<String>,
}

impl Tests for Facts<'_, '_> {
    type Error = Error;

    async fn test(&mut self, name: &str, args: &[String]) -> Result<bool> {
        if let Some(answer) = test_data(name, args, self.data) {
            return answer.map_err(Error::generic);
        }
        match name {
            "policy" => self.policy(args.first().map_or("", String::as_str)).await,
            "is_new_package" => Ok(self.package().await?.0),
            "package" => Ok(any(args, &self.package().await?.1)),
            "version" => Ok(any(args, &self.part("version").await?)),
            "release" => Ok(any(args, &self.part("release").await?)),
            "volume" => Ok(self.volume().await?.is_some_and(|name| any(args, &name))),
            "cg_match_any" => Ok(self.content_generators().await?.iter().flatten().any(|name| any(args, name))),
            "cg_match_all" => {
                let all = self.content_generators().await?;
                Ok(!all.is_empty() && all.iter().all(|name| name.as_ref().is_some_and(|name| any(args, name))))
            }
            "tag" | "fromtag" => match field::<TagRef>(self.data, name)? {
                None => Ok(false),
                Some(tag) => Ok(tags::find(self.cx.db().await?, &tag, None).await?.is_some_and(|t| any(args, &t.name))),
            },
            "hastag" => Ok(self.tags_of_build().await?.iter().any(|tag| any(args, tag))),
            "buildtag" => Ok(self.build_tags().await?.iter().any(|(_, name, _)| any(args, name))),
            "buildtag_inherits_from" => self.inherits(args).await,
            "buildtype" => Ok(self.build_types().await?.iter().any(|name| any(args, name))),
            "imported" => {
                if !self.data.get("build").is_some_and(Value::is_truthy) {
                    fail!("policy data must contain a build");
                }
                Ok(self.buildroots().await?.contains(&None))
            }
            "user" => Ok(user(self.cx, self.data).await?.is_some_and(|user| any(args, &user.name))),
            "user_in_group" => self.in_group(args).await,
            "has_perm" => match user(self.cx, self.data).await? {
                None => Ok(false),
                Some(user) => {
                    let perms = users::permissions(self.cx.db().await?, user.id, true).await?;
                    Ok(perms.iter().any(|perm| any(args, perm)))
                }
            },
            "is_build_owner" => self.owns_build().await,
            "is_draft" => match (self.data.get("draft"), self.build().await?) {
                (Some(draft), _) => Ok(draft.is_truthy()),
                (None, build) => Ok(build.is_some_and(|build| build.draft)),
            },
            "source" => Ok(self.source().await?.is_some_and(|source| any(args, &source))),
            other => {
                let plugins = self.cx.hub().plugins();
                match plugins.policy_test(self.cx, other, args, self.data).await {
                    Some(answer) => answer,
                    None => fail!("missing test handler: {other}"),
                }
            }
        }
    }
}

impl Facts<'_, '_> {
    /// Asks another policy. Boxed, since that may ask one in turn.
    fn policy<'a>(&'a mut self, name: &'a str) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            if self.running.iter().any(|running| running == name) {
                fail!("encountered policy loop at policy {name}");
            }
            let Some(policy) = self.cx.hub().policies().get(name) else { fail!("no such policy: {name}") };
            self.running.push(name.to_owned());
            let decision = policy.decide(self).await;
            self.running.pop();
            let action = decision?.map(|decision| decision.action.to_lowercase());
            Ok(matches!(action.as_deref(), Some("yes" | "true" | "allow")))
        })
    }

    async fn build(&mut self) -> Result<Option<Build>> {
        match field::<BuildRef>(self.data, "build")? {
            None => Ok(None),
            Some(build) => builds::get(self.cx.db().await?, &build).await.map(Some),
        }
    }

    /// Whether the package is new, and its name.
    async fn package(&mut self) -> Result<(bool, String)> {
        if let Some(package) = field::<PackageRef>(self.data, "package")? {
            return match (names::find(self.cx.db().await?, &package).await?, package) {
                (Some((_, name)), _) => Ok((false, name)),
                (None, PackageRef::Name(name)) => Ok((true, name)),
                (None, PackageRef::Id(id)) => fail!("No such package: {id}"),
            };
        }
        match self.build().await? {
            Some(build) => Ok((false, build.name)),
            None => fail!("policy requires package data"),
        }
    }

    async fn part(&mut self, name: &str) -> Result<String> {
        if let Some(text) = field::<String>(self.data, name)? {
            return Ok(text);
        }
        match self.build().await? {
            Some(build) => Ok(if name == "version" { build.version } else { build.release }),
            None => fail!("policy requires {name} data"),
        }
    }

    async fn volume(&mut self) -> Result<Option<String>> {
        match field(self.data, "volume")? {
            Some(volume) => Ok(names::find::<VolumeId>(self.cx.db().await?, &volume).await?.map(|(_, name)| name)),
            None => Ok(self.build().await?.map(|build| build.volume_name)),
        }
    }

    /// The buildroots of the RPMs and archives: none for what was imported.
    async fn buildroots(&mut self) -> Result<Vec<Option<BuildrootId>>> {
        if let Some(ids) = field::<Vec<Option<BuildrootId>>>(self.data, "buildroots")? {
            return Ok(ids);
        }
        let Some(build) = self.build().await? else { return Ok(Vec::new()) };
        Ok(self
            .cx
            .db()
            .await?
            .fetch_scalars(
                "SELECT buildroot_id FROM rpminfo WHERE build_id = $1
                 UNION SELECT buildroot_id FROM archiveinfo WHERE build_id = $1",
                args![build.id],
            )
            .await?)
    }

    async fn content_generators(&mut self) -> Result<Vec<Option<String>>> {
        let mut out = Vec::new();
        if let Some(given) = field::<Vec<CgRef>>(self.data, "cg_list")? {
            for cg in given {
                out.push(Some(names::get::<CgId>(self.cx.db().await?, &cg).await?.1));
            }
            return Ok(out);
        }
        let roots = self.buildroots().await?;
        if roots.contains(&None) {
            out.push(None);
        }
        let ids: Vec<i32> = roots.into_iter().flatten().map(|id| id.0).collect();
        let names: Vec<Option<String>> = self
            .cx
            .db()
            .await?
            .fetch_scalars(
                sql!(
                    "SELECT DISTINCT cg.name FROM buildroot LEFT JOIN content_generator AS cg ON cg.id = buildroot.cg_id
                     WHERE buildroot.id ",
                    {in "$1"}
                ),
                args![list(&ids)],
            )
            .await?;
        out.extend(names);
        Ok(out)
    }

    async fn tags_of_build(&mut self) -> Result<Vec<String>> {
        let Some(build) = self.build().await? else { return Ok(Vec::new()) };
        Ok(self
            .cx
            .db()
            .await?
            .fetch_scalars(
                "SELECT tag.name FROM tag_listing JOIN tag ON tag.id = tag_listing.tag_id
                 WHERE tag_listing.active = TRUE AND tag_listing.build_id = $1",
                args![build.id],
            )
            .await?)
    }

    /// The build tags, each with the event as of which it counts: as given, of the target, or of the buildroots.
    async fn build_tags(&mut self) -> Result<Vec<(TagId, String, Option<EventId>)>> {
        let given = match field::<TagRef>(self.data, "build_tag")? {
            Some(tag) => vec![tag],
            None => field::<Vec<TagRef>>(self.data, "build_tags")?.unwrap_or_default(),
        };
        let mut out = Vec::new();
        for tag in given {
            let db = self.cx.db().await?;
            let (id, name) = names::get(db, &tag).await?;
            let (event, _) = tags::moment(db, &tag, Some(koji_core::api::EventRef::Auto)).await?;
            out.push((id, name, event));
        }
        if !out.is_empty() {
            return Ok(out);
        }
        let db = self.cx.db().await?;
        if let Some(target) = field::<String>(self.data, "target")? {
            let tag: Option<(TagId, String)> = db
                .fetch_optional(
                    "SELECT tag.id, tag.name FROM build_target
                     JOIN build_target_config AS config ON config.build_target_id = build_target.id AND config.active = TRUE
                     JOIN tag ON tag.id = config.build_tag WHERE build_target.name = $1",
                    args![target],
                )
                .await?;
            out.extend(tag.map(|(id, name)| (id, name, None)));
        }
        if !out.is_empty() {
            return Ok(out);
        }
        let roots: Vec<i32> = self.buildroots().await?.into_iter().flatten().map(|id| id.0).collect();
        Ok(self
            .cx
            .db()
            .await?
            .fetch_all(
                sql!(
                    "SELECT DISTINCT tag.id, tag.name, repo.create_event FROM standard_buildroot AS root
                     JOIN repo ON repo.id = root.repo_id JOIN tag ON tag.id = repo.tag_id WHERE root.buildroot_id ",
                    {in "$1"}
                ),
                args![list(&roots)],
            )
            .await?)
    }

    async fn inherits(&mut self, patterns: &[String]) -> Result<bool> {
        for (tag, _, event) in self.build_tags().await? {
            let steps = tags::inheritance(self.cx.db().await?, tag, event).await?;
            if steps.iter().any(|step| any(patterns, &step.name)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn build_types(&mut self) -> Result<Vec<String>> {
        if let Some(types) = field::<Vec<String>>(self.data, "btypes")? {
            return Ok(types);
        }
        let Some(build) = self.build().await? else { return Ok(Vec::new()) };
        let types = builds::types(self.cx.db().await?, &build).await?;
        Ok(types.into_iter().map(|(name, _)| name).collect())
    }

    async fn in_group(&mut self, patterns: &[String]) -> Result<bool> {
        let Some(user) = user(self.cx, self.data).await? else { return Ok(false) };
        let groups: Vec<String> = self
            .cx
            .db()
            .await?
            .fetch_scalars(
                "SELECT users.name FROM user_groups JOIN users ON users.id = user_groups.group_id
                 WHERE user_groups.active = TRUE AND user_groups.user_id = $1",
                args![user.id],
            )
            .await?;
        Ok(groups.iter().any(|group| any(patterns, group)))
    }

    async fn owns_build(&mut self) -> Result<bool> {
        let (Some(build), Some(user)) = (self.build().await?, user(self.cx, self.data).await?) else {
            return Ok(false);
        };
        if build.owner_id == user.id {
            return Ok(true);
        }
        let member: Option<UserId> = self
            .cx
            .db()
            .await?
            .fetch_scalar_optional(
                "SELECT group_id FROM user_groups WHERE active = TRUE AND user_id = $1 AND group_id = $2",
                args![user.id, build.owner_id],
            )
            .await?;
        Ok(member.is_some())
    }

    async fn source(&mut self) -> Result<Option<String>> {
        if let Some(source) = self.data.get("source") {
            return Ok(source.as_str().map(str::to_owned));
        }
        match self.build().await? {
            Some(Build { source: Some(source), .. }) => Ok(Some(source)),
            Some(Build { task_id: Some(task), .. }) => source(self.cx, task).await,
            _ => Ok(None),
        }
    }
}
