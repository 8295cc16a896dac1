use super::{BuildState, records};
use crate::ids::{BuildId, CgId, EventId, PackageId, TagId, TaskId, UserId, VolumeId};
use crate::json::JsonText;
use crate::time::{EpochSeconds, Timestamp};

records! {
    /// A build (`getBuild`).
    Build {
        /// Its id.
        id: BuildId,
        /// Its id.
        build_id: BuildId,
        /// The package's name.
        name: String,
        /// The package's name.
        package_name: String,
        /// The package.
        package_id: PackageId,
        /// Its version.
        version: String,
        /// Its release.
        release: String,
        /// Its epoch.
        epoch: Option<i32>,
        /// Its name-version-release.
        nvr: String,
        /// Whether it is a draft.
        #[serde(default)]
        draft: bool,
        /// Its state.
        state: BuildState,
        /// The task that made it.
        task_id: Option<TaskId>,
        /// Its owner.
        owner_id: UserId,
        /// The owner's name.
        owner_name: String,
        /// Who promoted it.
        promoter_id: Option<UserId>,
        /// That user's name.
        promoter_name: Option<String>,
        /// The content generator that imported it.
        cg_id: Option<CgId>,
        /// The content generator's name.
        cg_name: Option<String>,
        /// What it was built from.
        source: Option<String>,
        /// Whatever else is known of it.
        extra: Option<JsonText>,
        /// The volume its files are on.
        volume_id: VolumeId,
        /// That volume's name.
        volume_name: String,
        /// The event at which it was made.
        creation_event_id: EventId,
        /// When it was made.
        creation_time: Timestamp,
        /// When it was made.
        creation_ts: EpochSeconds,
        /// When the work began.
        start_time: Option<Timestamp>,
        /// When the work began.
        start_ts: Option<EpochSeconds>,
        /// When it was complete, or failed.
        completion_time: Option<Timestamp>,
        /// When it was complete, or failed.
        completion_ts: Option<EpochSeconds>,
        /// When it was promoted.
        promotion_time: Option<Timestamp>,
        /// When it was promoted.
        promotion_ts: Option<EpochSeconds>,
    }
    /// A build in a list (`listBuilds`).
    BuildListItem {
        /// Its id.
        build_id: BuildId,
        /// The package's name.
        name: String,
        /// The package's name.
        package_name: String,
        /// The package.
        package_id: PackageId,
        /// Its version.
        version: String,
        /// Its release.
        release: String,
        /// Its epoch.
        epoch: Option<i32>,
        /// Its name-version-release.
        nvr: String,
        /// Whether it is a draft.
        #[serde(default)]
        draft: bool,
        /// Its state.
        state: BuildState,
        /// The task that made it.
        task_id: Option<TaskId>,
        /// Its owner.
        owner_id: UserId,
        /// The owner's name.
        owner_name: String,
        /// Who promoted it.
        promoter_id: Option<UserId>,
        /// That user's name.
        promoter_name: Option<String>,
        /// What it was built from.
        source: Option<String>,
        /// Whatever else is known of it.
        extra: Option<JsonText>,
        /// The volume its files are on.
        volume_id: VolumeId,
        /// That volume's name.
        volume_name: String,
        /// The event at which it was made.
        creation_event_id: EventId,
        /// When it was made.
        creation_time: Timestamp,
        /// When it was made.
        creation_ts: EpochSeconds,
        /// When the work began.
        start_time: Option<Timestamp>,
        /// When the work began.
        start_ts: Option<EpochSeconds>,
        /// When it was complete, or failed.
        completion_time: Option<Timestamp>,
        /// When it was complete, or failed.
        completion_ts: Option<EpochSeconds>,
        /// When it was promoted.
        promotion_time: Option<Timestamp>,
        /// When it was promoted.
        promotion_ts: Option<EpochSeconds>,
        /// The Maven group, if Maven builds were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        maven_group_id: Option<String>,
        /// The Maven artifact, if Maven builds were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        maven_artifact_id: Option<String>,
        /// The Maven version, if Maven builds were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        maven_version: Option<String>,
        /// The platform, if Windows builds were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        platform: Option<String>,
    }
    /// A build in a tag (`listTagged`).
    TaggedBuild {
        /// Its id.
        id: BuildId,
        /// Its id.
        build_id: BuildId,
        /// The package's name.
        name: String,
        /// The package's name.
        package_name: String,
        /// The package.
        package_id: PackageId,
        /// Its version.
        version: String,
        /// Its release.
        release: String,
        /// Its epoch.
        epoch: Option<i32>,
        /// Its name-version-release.
        nvr: String,
        /// Whether it is a draft.
        #[serde(default)]
        draft: bool,
        /// Its state.
        state: BuildState,
        /// The task that made it.
        task_id: Option<TaskId>,
        /// Its owner.
        owner_id: UserId,
        /// The owner's name.
        owner_name: String,
        /// Who promoted it.
        promoter_id: Option<UserId>,
        /// That user's name.
        promoter_name: Option<String>,
        /// The tag it is in.
        tag_id: TagId,
        /// That tag's name.
        tag_name: String,
        /// The event at which it was tagged.
        create_event: EventId,
        /// The event at which it was made.
        creation_event_id: EventId,
        /// When it was made.
        creation_time: Timestamp,
        /// When the work began.
        start_time: Option<Timestamp>,
        /// When it was complete.
        completion_time: Option<Timestamp>,
        /// When it was promoted.
        promotion_time: Option<Timestamp>,
        /// The volume its files are on.
        volume_id: VolumeId,
        /// That volume's name.
        volume_name: String,
        /// Whatever else is known of it, if asked for.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        extra: Option<Option<JsonText>>,
        /// The Maven group, if Maven builds were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        maven_group_id: Option<String>,
        /// The Maven artifact, if Maven builds were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        maven_artifact_id: Option<String>,
        /// The Maven version, if Maven builds were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        maven_version: Option<String>,
        /// The platform, if Windows builds were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        platform: Option<String>,
    }
    /// A build that is in no tag (`untaggedBuilds`).
    UntaggedBuild {
        /// Its id.
        id: BuildId,
        /// The package's name.
        name: String,
        /// Its version.
        version: String,
        /// Its release.
        release: String,
    }
    /// A log of a build (`getBuildLogs`).
    BuildLog {
        /// The file's name.
        name: String,
        /// The folder below the build's logs; `.` for none.
        dir: String,
        /// Its path below the storage's top.
        path: String,
    }
    /// An entry of a package's changelog (`getChangelogEntries`).
    ChangelogEntry {
        /// The day.
        date: String,
        /// The day.
        date_ts: i64,
        /// Who wrote it.
        author: String,
        /// What changed.
        text: String,
    }
}

impl ChangelogEntry {
    /// As Koji's commands and mails show it, in lines.
    pub fn to_text(&self) -> String {
        let date = self.date.get(..10).and_then(|day| day.parse::<jiff::civil::Date>().ok());
        let date = date.map_or_else(|| self.date.clone(), |date| date.strftime("%a %b %d %Y").to_string());
        format!("* {date} {}\n{}\n", self.author, self.text)
    }
}
